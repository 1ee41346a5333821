using System.Runtime.InteropServices;
using Microsoft.SqlServer.TransactSql.ScriptDom;

namespace Exchange.IntegrationTests.Database.SqlServer;

/// <summary>Works out which columns a SELECT of the adapter answers, by its syntax tree: each is a column, a conversion of one, a count or a length.</summary>
internal sealed class ScriptedSelect(IReadOnlyList<ScriptedColumn> known)
{
    /// <summary>The syntax of SQL Server 2016, the oldest version that is served.</summary>
    public static (TSqlFragment Tree, IList<ParseError> Errors) Parse(string sql)
    {
        var tree = new TSql130Parser(initialQuotedIdentifiers: true).Parse(new StringReader(sql), out var errors);
        return (tree, errors);
    }

    /// <summary>Null when the statement is no SELECT from a table.</summary>
    public TdsAnswer? Answer(string sql, IEnumerable<IReadOnlyDictionary<string, object?>> rows)
    {
        if (!sql.StartsWith("SELECT", StringComparison.Ordinal)) return null;
        var first = new FirstQuery();
        Parse(sql).Tree.Accept(first);
        if (first.Query?.FromClause is null) return null;
        var items = first.Query.SelectElements.Cast<SelectScalarExpression>().Select(element => (Type: TypeOf(element.Expression), Column: ColumnOf(element.Expression), IsLength: IsLength(element.Expression))).ToList();
        return new TdsAnswer().Rows([.. items.Select(item => new TdsColumn(item.Column ?? "", item.Type))], rows.Select(row => items.Select(item => item.IsLength ? null : Value(item.Type, item.Column, row)).ToArray())).Done();
    }

    static object? Value(string type, string? column, IReadOnlyDictionary<string, object?> row)
    {
        if (column is null || !row.TryGetValue(column, out var value)) return type == "int" ? 1 : null;
        return value is string text && type.StartsWith("varbinary", StringComparison.Ordinal) ? MemoryMarshal.AsBytes(text.AsSpan()).ToArray() : value;
    }

    string TypeOf(ScalarExpression expression) => expression switch
    {
        ConvertCall { DataType: SqlDataTypeReference type } => type.Parameters.Count == 0
            ? type.SqlDataTypeOption.ToString().ToLowerInvariant()
            : $"{type.SqlDataTypeOption.ToString().ToLowerInvariant()}({string.Join(',', type.Parameters.Select(parameter => parameter.Value.ToLowerInvariant()))})",
        SearchedCaseExpression found => found.WhenClauses[0].ThenExpression is FunctionCall ? "varbinary(max)" : TypeOf(found.WhenClauses[0].ThenExpression),
        ColumnReferenceExpression column when known.FirstOrDefault(known => known.Name == NameOf(column)) is { } found => new Exchange.Adapters.Database.SqlServer.SqlServerType(found.Id, found.Type, found.Length, found.Precision, found.Scale, found.Collation).Spelling,
        _ => "int",
    };

    static bool IsLength(ScalarExpression expression) => expression is SearchedCaseExpression { WhenClauses: [{ ThenExpression: ConvertCall { DataType: SqlDataTypeReference { SqlDataTypeOption: SqlDataTypeOption.BigInt } } }] };

    static string? ColumnOf(ScalarExpression expression)
    {
        var first = new FirstColumn();
        expression.Accept(first);
        return first.Name;
    }

    static string NameOf(ColumnReferenceExpression column) => column.MultiPartIdentifier.Identifiers[^1].Value;

    sealed class FirstQuery : TSqlFragmentVisitor
    {
        public QuerySpecification? Query { get; private set; }

        public override void ExplicitVisit(QuerySpecification node) => Query ??= node;
    }

    sealed class FirstColumn : TSqlFragmentVisitor
    {
        public string? Name { get; private set; }

        public override void Visit(ColumnReferenceExpression node) => Name ??= node.MultiPartIdentifier is null ? null : NameOf(node);

        /// <summary>A method of a column's type looks like a function of that name.</summary>
        public override void Visit(FunctionCall node)
        {
            if (node.CallTarget is MultiPartIdentifierCallTarget target) Name ??= target.MultiPartIdentifier.Identifiers[^1].Value;
        }
    }
}
