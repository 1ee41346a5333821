namespace Exchange.Adapters.Database.MySql;

/// <summary>How a value travels in a result.</summary>
internal enum MySqlForm
{
    Whole,
    /// <summary>bigint unsigned, and bit(64).</summary>
    Unsigned,
    /// <summary>tinyint(1).</summary>
    Flag,
    /// <summary>bit(n), as a number.</summary>
    Bits,
    Decimal,
    /// <summary>A decimal that 28 digits do not hold, as text.</summary>
    WideDecimal,
    Double,
    /// <summary>float: the server would print six digits, so it travels as double.</summary>
    Single,
    Date,
    /// <summary>datetime: a wall clock.</summary>
    Wall,
    /// <summary>timestamp: UTC, as the session is.</summary>
    Instant,
    Binary,
    /// <summary>Text, as UTF-8 bytes.</summary>
    Text,
    /// <summary>enum and set: compared by their number.</summary>
    Choice,
    /// <summary>time, uuid, inet6 …, by their text.</summary>
    Cast,
}
