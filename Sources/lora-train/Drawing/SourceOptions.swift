import ArgumentParser
import Drawing
import Foundation

/// Files with what to draw.
struct SourceOptions: ParsableArguments {
  @Option(
    help: .value(
      "Draw an image again as its file records. Other options replace what it records.", "file.png")
  )
  var from: String?
  @Option(
    help: .value(
      "Draw a campaign: everything that a template with lists describes, into the folder --output. "
        + "Images that exist are kept.", "file.yaml"))
  var prompts: String?
  @Flag(help: "With --prompts: list what would be drawn, and draw nothing.")
  var dryRun = false

  func validate() throws {
    if from != nil && prompts != nil {
      throw ValidationError("--from and --prompts both say what to draw; choose one.")
    }
    if dryRun && prompts == nil {
      throw ValidationError("--dry-run lists the pictures of a campaign; give one with --prompts.")
    }
  }

  /// The image to draw again, read; nil without --from. Prints what is different in one of another
  /// program. Throws `ImageError`, `PictureRecordError`.
  func recorded(
    besides flags: DrawingRequest
  ) throws -> (request: DrawingRequest, record: PictureRecord?)? {
    guard let from else { return nil }
    switch try RecordedPicture(contentsOf: URL(filePath: from)) {
    case .record(let record): return (record.request, record)
    case .infotext(let infotext):
      let (request, notes) = infotext.request(besides: flags)
      for note in notes { Console.say("Note: \(from) \(note)") }
      return (request, nil)
    }
  }

  /// Throws `PictureRecordError` if the image's files have another content now, unless others are
  /// given; prints what else may make other bytes.
  func check(
    _ recorded: PictureRecord, against now: PictureRecord, besides flags: DrawingRequest
  ) throws {
    let file = from ?? ""
    try recorded.checkContents(against: now, besides: flags, file: file)
    let machine = recorded.machineDifferences(from: now)
    if !machine.isEmpty {
      Console.say(
        "Note: \(file) was drawn with \(machine.joined(separator: ", ")); the new picture may differ "
          + "a little.")
    }
  }
}
