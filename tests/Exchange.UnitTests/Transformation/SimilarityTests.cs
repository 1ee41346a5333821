using System.Text;
using Exchange.Bus.Transformation.Expressions;

namespace Exchange.UnitTests.Transformation;

[TestClass]
public sealed class SimilarityTests
{
    [TestMethod]
    [DataRow("", "", 1.0)]
    [DataRow("", "a", 0.0)]
    [DataRow("a", "a", 1.0)]
    [DataRow("a", "b", 0.0)]
    [DataRow("a", "ab", 0.0)]
    [DataRow("ab", "ba", 0.0)]
    [DataRow("aaaa", "aa", 0.5)] // pairs count as often as they stand there
    [DataRow("abcab", "cabc", 6.0 / 7)]
    [DataRow("食品经营", "食品经营许可证", 2.0 * 3 / 9)]
    [DataRow("𠮷野家", "𠮷野屋", 0.5)] // beyond the basic plane
    public void Pairs_in_common_make_texts_alike(string a, string b, double expected)
    {
        Assert.AreEqual(expected, Of(a, b), 1e-12);
        Assert.AreEqual(expected, Of(b, a), 1e-12);
    }

    [TestMethod]
    public void It_is_what_counting_each_pair_by_hand_gives()
    {
        var random = new Random(4711);
        for (var round = 0; round < 2_000; round++)
        {
            var (a, b) = (Any(random), Any(random));
            var (left, right) = (Pairs(a), Pairs(b));
            var common = left.Keys.Sum(pair => Math.Min(left[pair], right.GetValueOrDefault(pair)));
            var all = left.Values.Sum() + right.Values.Sum();
            Assert.AreEqual(a == b ? 1 : all == 0 ? 0 : 2.0 * common / all, Of(a, b), 1e-12, $"'{a}' and '{b}'");
        }
    }

    static double Of(string a, string b) => Similarity.Of(Encoding.UTF8.GetBytes(a), Encoding.UTF8.GetBytes(b));

    static string Any(Random random) => string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => new[] { "a", "b", "中", "𠮷" }[random.Next(4)]));

    static Dictionary<(Rune, Rune), int> Pairs(string text)
    {
        var runes = text.EnumerateRunes().ToList();
        return runes.Zip(runes.Skip(1)).GroupBy(pair => pair).ToDictionary(pair => pair.Key, pair => pair.Count());
    }
}
