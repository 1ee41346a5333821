namespace Exchange.Contracts.Security;

/// <summary>Encrypts secrets at rest under a key that is not in the store. Safe for concurrent callers.</summary>
public interface ISecretProtector
{
    /// <param name="secret">Clear text.</param>
    /// <param name="purpose">Bound to the result: unprotecting for another purpose fails.</param>
    string Protect(string secret, string purpose);

    /// <exception cref="Errors.ExchangeException">hub.secret.unreadable: another key, or damaged.</exception>
    string Unprotect(string protectedSecret, string purpose);
}
