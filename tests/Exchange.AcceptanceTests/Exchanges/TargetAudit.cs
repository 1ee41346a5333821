using Exchange.AcceptanceTests.Hubs;
using Exchange.TestSupport;

namespace Exchange.AcceptanceTests.Exchanges;

/// <summary>
/// Watches a target from within: an upsert that is applied twice looks like one. On PostgreSQL, triggers note in which transaction rows and ledger entries are written; each transaction that writes
/// rows must write entries, and each batch's entry must be written once. Other engines' targets are compared by their rows alone.
/// </summary>
/// <param name="target">The subscriber's database.</param>
/// <param name="table">The table that is delivered to.</param>
internal sealed class TargetAudit(FrontEnd target, string table)
{
    bool _installed;

    /// <summary>To be called once the hub has made the table and its ledger.</summary>
    public async Task InstallAsync()
    {
        if (target.Provider != "postgresql") return;
        await target.ExecuteAsync("CREATE TABLE audit (what text NOT NULL, batch bigint, tx bigint NOT NULL)");
        await target.ExecuteAsync("CREATE FUNCTION audit_rows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit SELECT 'rows', NULL, txid_current(); RETURN NULL; END $$");
        await target.ExecuteAsync("CREATE FUNCTION audit_entry() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit SELECT NEW.kind, NEW.batch, txid_current(); RETURN NULL; END $$");
        await target.ExecuteAsync($"CREATE TRIGGER audit_rows AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION audit_rows()");
        await target.ExecuteAsync("CREATE TRIGGER audit_entry AFTER INSERT OR UPDATE ON exchange_applied FOR EACH ROW EXECUTE FUNCTION audit_entry()");
        _installed = true;
    }

    public async Task CheckAsync()
    {
        if (!_installed) return;
        Assert.AreEqual(0, await target.NumberAsync("SELECT count(*) FROM audit WHERE what = 'rows' AND tx NOT IN (SELECT tx FROM audit WHERE what <> 'rows')"), "rows were written without an entry in the ledger");
        Assert.AreEqual(0, await target.NumberAsync("SELECT count(*) FROM (SELECT batch FROM audit WHERE what NOT IN ('rows', 'reset') GROUP BY batch HAVING count(*) > 1) AS twice"), "a batch was applied twice");
        Assert.AreNotEqual(0, await target.NumberAsync("SELECT count(*) FROM audit WHERE what = 'rows'"), "nothing was written after the audit began");
    }
}
