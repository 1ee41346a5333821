namespace Exchange.Adapters.Database.SqlServer;

/// <summary>How a value travels in a result and as a parameter.</summary>
internal enum SqlServerForm
{
    /// <summary>tinyint: 0 to 255.</summary>
    Byte,
    Int16,
    Int32,
    Int64,
    Bit,
    Decimal,
    /// <summary>A decimal that 28 digits do not hold, as text.</summary>
    WideDecimal,
    /// <summary>money and smallmoney.</summary>
    Money,
    /// <summary>real.</summary>
    Single,
    /// <summary>float.</summary>
    Double,
    Date,
    /// <summary>datetime: a wall clock in steps of a three-hundredth of a second, which the driver shows as milliseconds.</summary>
    DateTime,
    SmallDateTime,
    /// <summary>datetime2: a wall clock.</summary>
    DateTime2,
    /// <summary>datetimeoffset: an instant.</summary>
    Instant,
    /// <summary>rowversion, read as the number that it counts.</summary>
    RowVersion,
    Guid,
    /// <summary>nvarchar, ntext: UTF-16.</summary>
    Unicode,
    /// <summary>nchar: trailing blanks carry no meaning and are left out.</summary>
    UnicodePadded,
    /// <summary>varchar, text: in the code page of the column's collation.</summary>
    CodePage,
    /// <summary>char.</summary>
    CodePagePadded,
    Binary,
    /// <summary>image, which neither compares nor sorts.</summary>
    Image,
    /// <summary>time and hierarchyid, by their text; compared as what they are.</summary>
    Cast,
    /// <summary>xml, sql_variant, spatial and unknown types, by their text, which is compared.</summary>
    CastUnordered,
}
