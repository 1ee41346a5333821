using Rebus.Exceptions;

namespace Exchange.Bus.Messaging;

/// <summary>A message that no delivery will ever succeed with: it goes to the error queue at once.</summary>
internal sealed class PoisonMessageException(string message, Exception? inner = null) : Exception(message, inner), IFailFastException;
