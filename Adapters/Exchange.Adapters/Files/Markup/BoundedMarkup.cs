using System.Xml;

namespace Exchange.Adapters.Files.Markup;

/// <summary>
/// Readers of XML whose memory has bounds of its own, whatever stands in the file: .NET's reader holds an object for each open element, each attribute of an element and each name that it has ever met.
/// No DTD: entities are neither declared nor followed. Going beyond a bound is an <see cref="XmlException"/>.
/// </summary>
internal static class BoundedMarkup
{
    /// <param name="stream">Its <see cref="CountedStream.Attributes"/> are bounded from now on; bytes of a record are its own limit.</param>
    /// <param name="owned">Whether the stream is closed with the reader.</param>
    public static XmlReader Open(CountedStream stream, bool owned)
    {
        stream.Attributes = new AttributeBound();
        return new ShallowXmlReader(XmlReader.Create(stream, new XmlReaderSettings
        {
            DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, IgnoreComments = true, IgnoreProcessingInstructions = true, CloseInput = owned, NameTable = new BoundedNames(),
        }));
    }
}

/// <summary>Counts what looks like attributes of one element, before the reader makes objects of them. For one reader.</summary>
internal sealed class AttributeBound
{
    const int Most = 20_000;

    int _count;
    bool _equals;

    /// <summary>Each `=` with a quote after it since the last `&lt;`, whatever the encoding: zero bytes are halves of letters.</summary>
    public void See(ReadOnlySpan<byte> bytes)
    {
        for (var at = 0; at < bytes.Length; at++)
        {
            if (!_equals)
            {
                var next = bytes[at..].IndexOfAny((byte)'=', (byte)'<');
                if (next < 0) return;
                at += next;
            }

            switch (bytes[at])
            {
                case (byte)'<': (_count, _equals) = (0, false); break;
                case (byte)'=': _equals = true; break;
                case (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n' or 0: break;
                case (byte)'"' or (byte)'\'' when _equals:
                    _equals = false;
                    if (++_count > Most) throw new XmlException($"an element has more than {Most} attributes");
                    break;
                default: _equals = false; break;
            }
        }
    }
}

/// <summary>Names of elements and attributes, at most so many of so many letters together: the reader forgets none.</summary>
internal sealed class BoundedNames : NameTable
{
    const int MostNames = 50_000, MostLetters = 4 * 1024 * 1024;

    int _names;
    int _letters;

    public override string Add(string key) => Get(key) ?? base.Add(Counted(key, key.Length));

    public override string Add(char[] key, int start, int len) => Get(key, start, len) ?? base.Add(Counted(key, len), start, len);

    T Counted<T>(T key, int length)
    {
        _letters += Math.Min(length, MostLetters);
        return ++_names <= MostNames && _letters <= MostLetters ? key : throw new XmlException($"it has more than {MostNames} different names, or names of more than {MostLetters} letters together");
    }
}
