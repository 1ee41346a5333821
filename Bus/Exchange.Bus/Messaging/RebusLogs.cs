using Microsoft.Extensions.Logging;
using Rebus.Logging;

namespace Exchange.Bus.Messaging;

/// <summary>Rebus's log lines as lines of ours. Its informational ones are about its own inside, so they count as debug.</summary>
internal sealed partial class RebusLogs(ILoggerFactory loggers) : AbstractRebusLoggerFactory
{
    protected override ILog GetLogger(Type type) => new Log(this, loggers.CreateLogger(type));

    sealed partial class Log(RebusLogs owner, ILogger logger) : ILog
    {
        public void Debug(string message, params object[] objs) => Write(logger, Microsoft.Extensions.Logging.LogLevel.Trace, null, message, objs);

        public void Info(string message, params object[] objs) => Write(logger, Microsoft.Extensions.Logging.LogLevel.Debug, null, message, objs);

        public void Warn(string message, params object[] objs) => Write(logger, Microsoft.Extensions.Logging.LogLevel.Warning, null, message, objs);

        public void Warn(Exception exception, string message, params object[] objs) => Write(logger, Microsoft.Extensions.Logging.LogLevel.Warning, exception, message, objs);

        public void Error(string message, params object[] objs) => Write(logger, Microsoft.Extensions.Logging.LogLevel.Error, null, message, objs);

        public void Error(Exception exception, string message, params object[] objs) => Write(logger, Microsoft.Extensions.Logging.LogLevel.Error, exception, message, objs);

        void Write(ILogger to, Microsoft.Extensions.Logging.LogLevel level, Exception? exception, string message, object[] objs)
        {
            if (!to.IsEnabled(level)) return;
            var line = owner.RenderString(message, objs);
            LogLine(to, level, exception, line);
        }

        [LoggerMessage(EventId = 2721, Message = "{Line}")]
        static partial void LogLine(ILogger logger, Microsoft.Extensions.Logging.LogLevel level, Exception? exception, string line);
    }
}
