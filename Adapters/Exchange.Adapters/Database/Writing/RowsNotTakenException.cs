namespace Exchange.Adapters.Database.Writing;

/// <summary>
/// The statement did not fail and yet the table did not take every row: a trigger, rule or policy of the department dropped some in silence. Taken for a row's fault,
/// so that halving finds which.
/// </summary>
internal sealed class RowsNotTakenException(long sent, long taken) : Exception(
    $"the table took {taken} of {sent} rows without an error; look at its triggers, rules and row-level policies, which must not drop rows in silence");
