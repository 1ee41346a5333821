using System.Globalization;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.SqlServer;

/// <summary>A column's type as the catalogue tells it, alias types resolved.</summary>
/// <param name="Id">sys.types.system_type_id.</param>
/// <param name="Name">The type's bare name, lower case; of CLR types their own.</param>
/// <param name="Length">Bytes, -1 for (max).</param>
/// <param name="Precision">Digits.</param>
/// <param name="Scale">Digits after the point, or of a second.</param>
/// <param name="Collation">Of text; null for others.</param>
internal sealed record SqlServerType(int Id, string Name, int Length, int Precision, int Scale, string? Collation)
{
    const int Image = 34, Text = 35, Guid = 36, Date = 40, Time = 41, DateTime2 = 42, DateTimeOffset = 43, TinyInt = 48, SmallInt = 52, Int = 56, SmallDateTime = 58, Real = 59, Money = 60,
        DateTime = 61, Float = 62, NText = 99, Bit = 104, Decimal = 106, Numeric = 108, SmallMoney = 122, BigInt = 127, VarBinary = 165, VarChar = 167, Binary = 173, Char = 175, RowVersion = 189,
        NVarChar = 231, NChar = 239, Clr = 240;

    /// <summary>Longest varchar whose characters fit into an nvarchar with a limit: one byte is one UTF-16 unit at most.</summary>
    const int LongestUnits = 4_000;

    /// <summary>Whether a value may be larger than 8,000 bytes, so that it is converted to a (max) type and its length is looked at first.</summary>
    public bool IsLarge => Length < 0 || Id is Image or Text or NText || (Id is VarChar or Char && Length > LongestUnits) || Form is SqlServerForm.CastUnordered;

    public bool IsClr => Id == Clr;

    public bool IsText => Id is Text or NText or VarChar or Char or NVarChar or NChar;

    /// <summary>Text that two different code points may be equal in; trailing blanks apart, which the engine never tells.</summary>
    public bool TakesForEqual => IsText && (Id is Char or NChar || Collation is null || !IsBinary(Collation));

    public SqlServerForm Form => Id switch
    {
        TinyInt => SqlServerForm.Byte,
        SmallInt => SqlServerForm.Int16,
        Int => SqlServerForm.Int32,
        BigInt => SqlServerForm.Int64,
        Bit => SqlServerForm.Bit,
        Decimal or Numeric => Precision > ItemType.LargestPrecision ? SqlServerForm.WideDecimal : SqlServerForm.Decimal,
        Money or SmallMoney => SqlServerForm.Money,
        Real => SqlServerForm.Single,
        Float => SqlServerForm.Double,
        Date => SqlServerForm.Date,
        DateTime => SqlServerForm.DateTime,
        SmallDateTime => SqlServerForm.SmallDateTime,
        DateTime2 => SqlServerForm.DateTime2,
        DateTimeOffset => SqlServerForm.Instant,
        RowVersion => SqlServerForm.RowVersion,
        Guid => SqlServerForm.Guid,
        NVarChar or NText => SqlServerForm.Unicode,
        NChar => SqlServerForm.UnicodePadded,
        VarChar or Text => SqlServerForm.CodePage,
        Char => SqlServerForm.CodePagePadded,
        VarBinary or Binary => SqlServerForm.Binary,
        Image => SqlServerForm.Image,
        Time => SqlServerForm.Cast,
        Clr when Name == "hierarchyid" => SqlServerForm.Cast,
        _ => SqlServerForm.CastUnordered,
    };

    /// <summary>The natural item type. A tinyint counts, a bit is a boolean. A rowversion is a number, so that it can be a cursor's column.</summary>
    public ItemType Natural => Form switch
    {
        SqlServerForm.Byte or SqlServerForm.Int16 or SqlServerForm.Int32 => Database.Natural.Int32,
        SqlServerForm.Int64 or SqlServerForm.RowVersion => Database.Natural.Int64,
        SqlServerForm.Bit => Database.Natural.Boolean,
        SqlServerForm.Decimal => Database.Natural.Decimal(Precision, Scale),
        SqlServerForm.Money => ItemType.Decimal(Id == SmallMoney ? 10 : 19, 4),
        SqlServerForm.Single or SqlServerForm.Double => Database.Natural.Double,
        SqlServerForm.Date => Database.Natural.Date,
        SqlServerForm.DateTime or SqlServerForm.SmallDateTime or SqlServerForm.DateTime2 or SqlServerForm.Instant => Database.Natural.Timestamp,
        SqlServerForm.Binary or SqlServerForm.Image => Database.Natural.Binary,
        SqlServerForm.Unicode or SqlServerForm.UnicodePadded when Length > 0 && Id != NText => Database.Natural.String(Length / 2),
        SqlServerForm.CodePage or SqlServerForm.CodePagePadded when Length > 0 && Id != Text => Database.Natural.String(Length),
        _ => Database.Natural.Text,
    };

    /// <summary>As DDL says it, without the collation.</summary>
    public string Spelling => Id switch
    {
        NVarChar or NChar => Length < 0 ? Name + "(max)" : string.Create(CultureInfo.InvariantCulture, $"{Name}({Length / 2})"),
        VarChar or Char or VarBinary or Binary => Length < 0 ? Name + "(max)" : string.Create(CultureInfo.InvariantCulture, $"{Name}({Length})"),
        Decimal or Numeric => string.Create(CultureInfo.InvariantCulture, $"{Name}({Precision},{Scale})"),
        Time or DateTime2 or DateTimeOffset => string.Create(CultureInfo.InvariantCulture, $"{Name}({Scale})"),
        _ => Name,
    };

    /// <summary>*_BIN, *_BIN2 and *_BIN2_UTF8. Any other collation has characters that weigh nothing or the same: case, accents, width, what its version does not know.</summary>
    static bool IsBinary(string collation) => collation.EndsWith("_BIN", StringComparison.OrdinalIgnoreCase) || collation.Contains("_BIN2", StringComparison.OrdinalIgnoreCase);
}
