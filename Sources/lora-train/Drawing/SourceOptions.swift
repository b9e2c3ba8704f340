import ArgumentParser
import Drawing
import Foundation

/// The files that pictures are drawn from: an earlier picture or a template.
struct SourceOptions: ParsableArguments {
  @Option(
    help: .value(
      "Draw a picture again from the record in its file. Other options replace recorded ones.",
      "file.png"))
  var from: String?
  @Option(
    help: .value(
      "Draw a campaign: all combinations of a template's lists, into the folder --output. "
        + "Existing pictures are kept.", "file.yaml"))
  var prompts: String?
  @Flag(help: "With --prompts: list what would be drawn, and draw nothing.")
  var dryRun = false

  func validate() throws {
    if from != nil && prompts != nil {
      throw ValidationError("--from and --prompts exclude each other; choose one.")
    }
    if dryRun && prompts == nil {
      throw ValidationError("--dry-run needs a campaign; give a template with --prompts.")
    }
  }

  /// Reads the picture to draw again; nil without --from. Prints notes on the parameters of another
  /// program that are not used. Throws `ImageError`, `PictureRecordError`.
  func recorded(
    besides flags: DrawingRequest
  ) throws -> (request: DrawingRequest, record: PictureRecord?)? {
    guard let from else { return nil }
    switch try RecordedPicture(contentsOf: URL(filePath: from)) {
    case .record(let record): return (record.request, record)
    case .infotext(let infotext):
      let (request, notes) = infotext.request(besides: flags)
      for note in notes { Console.message("Note: \(from) \(note)") }
      return (request, nil)
    }
  }

  /// Throws `PictureRecordError` if files of the picture have changed and are not replaced by flags.
  /// Prints a note if another device or version may change the picture.
  func check(
    _ recorded: PictureRecord, against now: PictureRecord, besides flags: DrawingRequest
  ) throws {
    let file = from ?? ""
    try recorded.checkContents(against: now, besides: flags, file: file)
    let machine = recorded.machineDifferences(from: now)
    if !machine.isEmpty {
      Console.message(
        "Note: \(file) was drawn with \(machine.joined(separator: ", ")); the new picture may differ "
          + "slightly.")
    }
  }
}
