using Exchange.Contracts.Errors;
using Exchange.Security;
using Exchange.Security.Secrets;

namespace Exchange.IntegrationTests.Secrets;

/// <summary>Secrets under a key file that several processes share.</summary>
[TestClass]
public sealed class SecretProtectorTests
{
    string _folder = null!;

    [TestInitialize]
    public void Start() => _folder = Directory.CreateTempSubdirectory("exchange-test-").FullName;

    [TestCleanup]
    public void Stop() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public void A_secret_comes_back_and_never_looks_the_same_twice()
    {
        var first = Protector().Protect("geheim 密码", "a");
        Assert.AreEqual("geheim 密码", Protector().Unprotect(first, "a"));
        Assert.AreNotEqual(first, Protector().Protect("geheim 密码", "a"));
        Assert.AreEqual("", Protector().Unprotect(Protector().Protect("", "a"), "a"));
    }

    [TestMethod]
    public void Another_purpose_another_key_and_damage_do_not_open_it()
    {
        var text = Protector().Protect("geheim", "a");
        Assert.AreEqual(ErrorCodes.SecretUnreadable, Refused(() => Protector().Unprotect(text, "b")));
        Assert.AreEqual(ErrorCodes.SecretUnreadable, Refused(() => Protector(Convert.ToBase64String(new byte[32])).Unprotect(text, "a")));
        Assert.AreEqual(ErrorCodes.SecretUnreadable, Refused(() => Protector().Unprotect(text[..^8] + "AAAAAAA=", "a")));
        Assert.AreEqual(ErrorCodes.SecretUnreadable, Refused(() => Protector().Unprotect("v1:AAAA", "a")));
        Assert.AreEqual(ErrorCodes.SecretUnreadable, Refused(() => Protector().Unprotect(text[3..], "a")));
        Assert.AreEqual(ErrorCodes.SecretUnreadable, Refused(() => Protector("short").Protect("x", "a")));
    }

    [TestMethod]
    public async Task Many_that_make_the_key_at_once_agree_on_one()
    {
        const int Many = 8;
        for (var round = 0; round < 50; round++)
        {
            var folder = Path.Combine(_folder, $"{round}");
            using var together = new Barrier(Many);
            var texts = await Task.WhenAll(Enumerable.Range(0, Many).Select(_ => Task.Factory.StartNew(() =>
            {
                var protector = Protector(folder: folder);
                together.SignalAndWait();
                return protector.Protect("geheim", "a");
            }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
            foreach (var text in texts) Assert.AreEqual("geheim", Protector(folder: folder).Unprotect(text, "a"));
            Assert.HasCount(1, Directory.GetFiles(folder));
        }
    }

    [TestMethod]
    public void The_key_file_is_its_owner_s_alone()
    {
        Protector().Protect("x", "a");
        if (!OperatingSystem.IsWindows()) Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_folder, "hub.key")));
    }

    static string Refused(Action action) => Assert.ThrowsExactly<ExchangeException>(action).Code;

    AesSecretProtector Protector(string? key = null, string? folder = null) => new(new SecretKey(new SecurityOptions { DataFolder = folder ?? _folder, Key = key }));
}
