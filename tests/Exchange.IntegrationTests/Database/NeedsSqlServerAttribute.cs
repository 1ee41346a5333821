using Exchange.TestSupport;

namespace Exchange.IntegrationTests.Database;

/// <summary>Tests of this class run where a SQL Server is given (EXCHANGE_TEST_SQLSERVER); elsewhere they are reported as not run, each by name and with the reason, and <c>./test</c> counts them.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class NeedsSqlServerAttribute : ConditionBaseAttribute
{
    public NeedsSqlServerAttribute()
        : base(ConditionMode.Include) => IgnoreMessage = TestDatabase.NoSqlServer;

    public override bool IsConditionMet => TestDatabase.HasSqlServer;

    public override string GroupName => "SQL Server";
}
