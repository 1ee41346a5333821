using Exchange.Bus.Intake;
using Exchange.Bus.Quality;
using Exchange.Contracts.Files;

namespace Exchange.Bus.Imports;

/// <summary>A file that was read once and fits.</summary>
/// <param name="Source">The file.</param>
/// <param name="Columns">Which of its columns are which items.</param>
/// <param name="Judge">Of the resource.</param>
/// <param name="Keys">Keys that rows share.</param>
/// <param name="Digest">Of what was read.</param>
/// <param name="Refused">Where refused rows are written besides the quarantine; null: nowhere.</param>
internal sealed record ImportPlan(IFileSource Source, FileColumns Columns, IRowJudge Judge, SharedKeys Keys, string Digest, IRefusedRows? Refused = null);

/// <summary>One run of taking a file in.</summary>
internal sealed class ImportRun : ResourceRun
{
    public required ImportPlan Plan { get; init; }
}
