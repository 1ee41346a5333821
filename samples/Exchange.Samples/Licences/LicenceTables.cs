using Exchange.Samples.FrontEnd;

namespace Exchange.Samples.Licences;

/// <summary>The old table of the health commission and the new one of the credit platform (双公示, fact 07).</summary>
internal static class LicenceTables
{
    public const string Old = "frxzxk", New = "xzxk_2018";

    static readonly string[] OldColumns =
    [
        "XK_WSH", "XK_XMMC", "XK_SPLB", "XK_NR", "XK_XDR", "XK_XDR_SHXYM", "XK_XDR_ZDM", "XK_XDR_GSDJ", "XK_XDR_SWDJ", "XK_XDR_SFZ", "XK_FR", "XK_JDRQ", "XK_JZQ", "XK_XZJG", "XK_ZT", "DFBM", "SJC", "BZ",
    ];

    public static Task CreateOldAsync(FrontEndFile health, CancellationToken cancel) => health.ExecuteAsync(
        $"""
        CREATE TABLE {Old} (
            XK_WSH VARCHAR(128) NOT NULL PRIMARY KEY, XK_XMMC VARCHAR(256), XK_SPLB VARCHAR(16), XK_NR VARCHAR(2000), XK_XDR VARCHAR(256), XK_XDR_SHXYM VARCHAR(18), XK_XDR_ZDM VARCHAR(9),
            XK_XDR_GSDJ VARCHAR(15), XK_XDR_SWDJ VARCHAR(18), XK_XDR_SFZ VARCHAR(18), XK_FR VARCHAR(256), XK_JDRQ VARCHAR(10), XK_JZQ VARCHAR(10), XK_XZJG VARCHAR(128), XK_ZT VARCHAR(1),
            DFBM VARCHAR(6), SJC VARCHAR(19), BZ VARCHAR(512))
        """, cancel);

    /// <summary>The platform's own table: the hub fits into it, not the other way round.</summary>
    public static Task CreateNewAsync(FrontEndFile credit, CancellationToken cancel) => credit.ExecuteAsync(
        $"""
        CREATE TABLE {New} (
            XK_XDR_MC VARCHAR(256), XK_XDR_LB VARCHAR(32), XK_XDR_SHXYM VARCHAR(18), XK_XDR_GSZC VARCHAR(50), XK_XDR_ZZJG VARCHAR(9), XK_XDR_SWDJ VARCHAR(18), XK_XDR_SYDW VARCHAR(50), XK_XDR_SHZZ VARCHAR(50),
            XK_FRDB VARCHAR(256), XK_FR_SFZH VARCHAR(18), XK_XDR_ZJLX VARCHAR(64), XK_XDR_ZJHM VARCHAR(64), XK_XKWS VARCHAR(256), XK_WSH VARCHAR(128) NOT NULL PRIMARY KEY, XK_XKLB VARCHAR(2),
            XK_XKZS VARCHAR(256), XK_XKBH VARCHAR(128), XK_NR VARCHAR(4000), XK_JDRQ VARCHAR(10), XK_YXQZ VARCHAR(10), XK_YXQZI VARCHAR(10), XK_XKJG VARCHAR(200), XK_XKJGDM VARCHAR(18), XK_ZT VARCHAR(1),
            XK_LYDW VARCHAR(200), XK_LYDWDM VARCHAR(18), BZ VARCHAR(512))
        """, cancel);

    public static Task InsertAsync(FrontEndFile health, IEnumerable<Licence> licences, CancellationToken cancel) =>
        health.InsertAsync(Old, OldColumns, licences.Select(licence => (IReadOnlyList<object?>)
        [
            licence.DocumentNumber, licence.Project, licence.Category, licence.Content, licence.Party, licence.PartyCode, licence.OrganisationCode, licence.RegistrationNumber, licence.TaxNumber,
            licence.CitizenId, licence.LegalPerson, licence.Decided, licence.Ends, licence.Authority, licence.State, licence.Area, licence.Stamp, licence.Remark,
        ]), cancel);

    /// <summary>What the new table must hold of the old one, written down a second time in SQL: the hub's manifests say it in their own way. Keys in temp.apart are left out.</summary>
    public static string Expected { get; } = $"""
        SELECT XK_XDR, '法人及非法人组织', XK_XDR_SHXYM, XK_XDR_GSDJ, XK_XDR_ZDM, XK_XDR_SWDJ, NULL, NULL, XK_FR, NULL, CASE WHEN XK_XDR_SFZ IS NOT NULL THEN '身份证' END, XK_XDR_SFZ,
            XK_XMMC, XK_WSH, CASE XK_SPLB WHEN '普通' THEN '01' WHEN '特许' THEN '02' WHEN '认可' THEN '03' WHEN '核准' THEN '04' WHEN '登记' THEN '05' WHEN '其他' THEN '06' WHEN '备案' THEN '06' END,
            XK_XMMC || '证', XK_WSH, XK_NR, XK_JDRQ, XK_JDRQ, ifnull(XK_JZQ, '2099/12/31'), XK_XZJG, '11990000000001011Q', CASE XK_ZT WHEN '0' THEN '1' WHEN '1' THEN '2' END,
            '示例省卫生健康委员会', '11990000000001011Q', BZ
        FROM main.{Old} WHERE XK_WSH NOT IN (SELECT key FROM temp.apart)
        """;

    public static string Delivered { get; } = $"""
        SELECT XK_XDR_MC, XK_XDR_LB, XK_XDR_SHXYM, XK_XDR_GSZC, XK_XDR_ZZJG, XK_XDR_SWDJ, XK_XDR_SYDW, XK_XDR_SHZZ, XK_FRDB, XK_FR_SFZH, XK_XDR_ZJLX, XK_XDR_ZJHM,
            XK_XKWS, XK_WSH, XK_XKLB, XK_XKZS, XK_XKBH, XK_NR, XK_JDRQ, XK_YXQZ, XK_YXQZI, XK_XKJG, XK_XKJGDM, XK_ZT, XK_LYDW, XK_LYDWDM, BZ
        FROM other.{New} WHERE XK_WSH NOT IN (SELECT key FROM temp.apart)
        """;
}
