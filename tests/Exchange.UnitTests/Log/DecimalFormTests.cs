using Exchange.Bus.Log;

namespace Exchange.UnitTests.Log;

[TestClass]
public sealed class DecimalFormTests
{
    [TestMethod]
    [DataRow("0", 1, 0)]
    [DataRow("-0.00", 5, 2)]
    [DataRow("1.5", 5, 2)]
    [DataRow("1.500", 5, 2)]
    [DataRow("999.99", 5, 2)]
    [DataRow("-999.99", 5, 2)]
    [DataRow("9999999999999999999999999999", 28, 0)]
    [DataRow("-0.9999999999999999999999999999", 28, 28)]
    [DataRow("18446744073709551616", 28, 3)]
    public void A_value_comes_back_equal(string text, int precision, int scale)
    {
        var value = decimal.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
        var bytes = new byte[Decimal128.Width];
        var form = new Decimal128(precision, scale);
        form.Write(value, bytes);
        Assert.AreEqual(value, form.Read(bytes));
    }

    [TestMethod]
    [DataRow("1000", 5, 2)]
    [DataRow("1.005", 5, 2)]
    [DataRow("70000000000000000000000000000", 28, 0)]
    [DataRow("9999999999999999999999999999", 28, 28)]
    [DataRow("1", 28, 28)]
    public void A_value_that_does_not_fit_is_refused_not_rounded(string text, int precision, int scale)
    {
        var value = decimal.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
        Assert.ThrowsExactly<OverflowException>(() => new Decimal128(precision, scale).Write(value, new byte[Decimal128.Width]));
    }
}
