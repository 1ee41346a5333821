using System.Security.Cryptography;
using System.Text;
using Exchange.Contracts.Errors;
using Exchange.Contracts.Security;

namespace Exchange.Security.Secrets;

/// <summary>
/// AES-256-GCM (NIST SP 800-38D): a random 96-bit nonce for each text, the purpose as associated data. Form: <c>v1:</c> and Base64 of nonce, tag, ciphertext.
/// </summary>
internal sealed class AesSecretProtector(SecretKey key) : ISecretProtector
{
    const string Version = "v1:";
    const int NonceBytes = 12;
    const int TagBytes = 16;

    public string Protect(string secret, string purpose)
    {
        var clear = Encoding.UTF8.GetBytes(secret);
        var sealedText = new byte[NonceBytes + TagBytes + clear.Length];
        var (nonce, tag, cipher) = (sealedText.AsMemory(0, NonceBytes), sealedText.AsMemory(NonceBytes, TagBytes), sealedText.AsMemory(NonceBytes + TagBytes));
        RandomNumberGenerator.Fill(nonce.Span);
        using var aes = new AesGcm(key.Read(), TagBytes);
        aes.Encrypt(nonce.Span, clear, cipher.Span, tag.Span, Encoding.UTF8.GetBytes(purpose));
        CryptographicOperations.ZeroMemory(clear);
        return Version + Convert.ToBase64String(sealedText);
    }

    public string Unprotect(string protectedSecret, string purpose)
    {
        try
        {
            if (!protectedSecret.StartsWith(Version, StringComparison.Ordinal)) throw Unreadable(null);
            var sealedText = Convert.FromBase64String(protectedSecret[Version.Length..]);
            if (sealedText.Length < NonceBytes + TagBytes) throw Unreadable(null);
            var (nonce, tag, cipher) = (sealedText.AsMemory(0, NonceBytes), sealedText.AsMemory(NonceBytes, TagBytes), sealedText.AsMemory(NonceBytes + TagBytes));
            var clear = new byte[cipher.Length];
            using var aes = new AesGcm(key.Read(), TagBytes);
            aes.Decrypt(nonce.Span, cipher.Span, tag.Span, clear, Encoding.UTF8.GetBytes(purpose));
            return Encoding.UTF8.GetString(clear);
        }
        catch (Exception damaged) when (damaged is FormatException or CryptographicException)
        {
            throw Unreadable(damaged);
        }
    }

    static ExchangeException Unreadable(Exception? cause) => new(
        ErrorCodes.SecretUnreadable,
        Party.Hub,
        "A secret in the store does not open: the key of this hub is another one, or the store is damaged.",
        $"Put back the file {SecretKey.FileName} of the data folder (or EXCHANGE_KEY) that belongs to this store, or apply the connections anew.",
        cause);
}
