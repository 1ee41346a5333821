namespace Exchange.Adapters.Database.PostgreSql;

/// <summary>How a value stands in a binary COPY.</summary>
internal enum PostgreSqlForm
{
    Boolean,
    Int16,
    Int32,
    Int64,
    /// <summary>Unsigned, four bytes.</summary>
    ObjectId,
    Single,
    Double,
    Numeric,
    Date,
    /// <summary>timestamp: a wall clock.</summary>
    Wall,
    /// <summary>timestamptz.</summary>
    Instant,
    Binary,
    /// <summary>text, varchar.</summary>
    Text,
    /// <summary>char(n): trailing blanks carry no meaning and are left out.</summary>
    Padded,
    /// <summary>A numeric that is read as text since 28 digits do not hold it.</summary>
    WideNumeric,
    /// <summary>Any other type, by its text.</summary>
    Cast,
    /// <summary>As <see cref="Cast"/>, and the type has no order or no array of its own, so its text is ordered and compared.</summary>
    CastUnordered,
}
