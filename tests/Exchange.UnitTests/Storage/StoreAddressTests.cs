using Exchange.Contracts.Errors;
using Exchange.Storage;
using Npgsql;

namespace Exchange.UnitTests.Storage;

[TestClass]
public sealed class StoreAddressTests
{
    const string Folder = "/srv/hub";

    [TestMethod]
    public void Without_an_address_the_store_is_a_file_in_the_data_folder()
    {
        var address = StoreAddress.Parse(new StoreOptions(null, Folder));
        Assert.AreEqual((StoreEngine.Sqlite, Path.GetFullPath("/srv/hub/exchange.db")), (address.Engine, address.Target));
    }

    [TestMethod]
    [DataRow("sqlite:hub.db", "hub.db")]
    [DataRow("sqlite:/var/lib/数据 100%.db", "/var/lib/数据 100%.db")]
    [DataRow("sqlite:///var/lib/hub.db", "/var/lib/hub.db")]
    public void A_SQLite_path_is_taken_as_it_stands(string store, string path) =>
        Assert.AreEqual(Path.GetFullPath(path), StoreAddress.Parse(new StoreOptions(store, Folder)).Target);

    [TestMethod]
    public void A_URL_is_percent_decoded()
    {
        var builder = Parse("postgresql://hub%40site:p%3A%2F%40%3F%25%3Bw@db.example:6432/%E4%BA%A4%E6%8D%A2?sslmode=verify-full&connect_timeout=7&Maximum%20Pool%20Size=9");
        Assert.AreEqual(("hub@site", "p:/@?%;w", "db.example", 6432, "交换"), (builder.Username, builder.Password, builder.Host, builder.Port, builder.Database));
        Assert.AreEqual((SslMode.VerifyFull, 7, 9), (builder.SslMode, builder.Timeout, builder.MaxPoolSize));
    }

    [TestMethod]
    [DataRow("postgres://db/hub", "db", 5432)]
    [DataRow("postgresql://u@[::1]:5433/hub", "::1", 5433)]
    [DataRow("postgresql://u@[::1]/hub", "::1", 5432)]
    [DataRow("postgresql://u:p@a:1,b:2/hub", "a:1,b:2", 5432)]
    [DataRow("Host=db;Port=5434;Database=hub", "db", 5434)]
    public void Every_usual_form_of_a_host_is_understood(string store, string host, int port)
    {
        var builder = Parse(store);
        Assert.AreEqual((host, port, "hub"), (builder.Host, builder.Port, builder.Database));
    }

    [TestMethod]
    [DataRow("mysql://u:s3cret@h/d")]
    [DataRow("s3cret")]
    [DataRow("sqlite:")]
    [DataRow("sqlite::memory:")]
    [DataRow("postgresql://u:s3cret@/hub")]
    [DataRow("postgresql://u:s3cret@db")]
    [DataRow("postgresql://u:s3cret@db/")]
    [DataRow("postgresql://u:s3cret@db:port/hub")]
    [DataRow("postgresql://u:s3cret@db:70000/hub")]
    [DataRow("postgresql://u:s3cret%zz@db/hub")]
    [DataRow("postgresql://u:s3cret/x@db/hub")]
    [DataRow("postgresql://u:p@db/hub?s3cretless=1&nonsense")]
    [DataRow("postgresql://u:p@db/hub?sslmode=s3cret")]
    [DataRow("Host=db;Database=hub;Port=s3cret")]
    [DataRow("Host=db;Database=hub;Pass=a;s3cret=b")]
    public void A_wrong_address_is_refused_without_showing_it(string store)
    {
        var refused = Assert.ThrowsExactly<ExchangeException>(() => StoreAddress.Parse(new StoreOptions(store, Folder)));
        Assert.AreEqual((ErrorCodes.StoreInvalid, Party.Caller), (refused.Code, refused.Party));
        if (!store.Contains("s3cretless", StringComparison.Ordinal)) Assert.DoesNotContain("s3cret", refused.ToString());
    }

    [TestMethod]
    public void Neither_options_nor_address_print_the_password()
    {
        var options = new StoreOptions("postgresql://u:s3cret@db/hub", Folder);
        Assert.DoesNotContain("s3cret", options + StoreAddress.Parse(options).ToString());
    }

    static NpgsqlConnectionStringBuilder Parse(string store) => new(StoreAddress.Parse(new StoreOptions(store, Folder)).Target);
}
