import Drawing
import Files
import Foundation
import RunLog

/// Records the pictures on the disk that the gallery lacks: a process died between the file and its
/// record, or the database is lost. Their records are in the files.
struct GalleryRecovery {
  let project: ProjectFolder
  let gallery: Gallery

  /// Throws `RunLogError`, `FileAccessError`. Files of other programs are left alone.
  func run() throws {
    let folder = project.pictures
    let known = try gallery.paths()
    let lost = folder.entryNames.sorted().filter {
      $0.hasSuffix(".png") && !$0.hasPrefix(".")
        && !known.contains("\(folder.lastPathComponent)/\($0)")
    }
    for name in lost {
      let file = folder.appending(path: name)
      guard let record = try Self.record(of: file) else { continue }
      let place = Self.place(name)
      let job = try place.flatMap { try gallery.job($0.job) }?.id ?? newJob(record)
      _ = try gallery.add(
        GalleryPicture(file, record, job: job, variant: place?.variant ?? 0, in: project))
    }
  }

  /// A job for pictures whose own is lost.
  private func newJob(_ record: PictureRecord) throws -> Int64 {
    var fields: [String: JSONValue] = [
      "prompt": .string(record.prompt), "seed": .unsigned(record.seed),
      "steps": .integer(Int64(record.steps)), "guidance": .number(record.guidance),
      "width": .integer(Int64(record.width)), "height": .integer(Int64(record.height)),
      "model": .string(record.model.path),
    ]
    if let negative = record.negative { fields["negative"] = .string(negative) }
    var job = StudioJob(
      kind: JobKind.drawing.rawValue, title: record.prompt, request: try fields.json,
      seed: record.seed, count: 1)
    job.status = .finished
    return try gallery.add(job).id ?? 0
  }

  private static func record(of file: URL) throws -> PictureRecord? {
    do {
      guard case .record(let record) = try RecordedPicture(contentsOf: file) else { return nil }
      return record
    } catch is FileAccessError {
      return nil
    } catch let error as any ReportableError where error.kind == .badData {
      return nil
    }
  }

  /// The job and the variant in a name such as `20261130-142501-12b-7.png`.
  private static func place(_ name: String) -> (job: Int64, variant: Int)? {
    guard let match = name.wholeMatch(of: /\d{8}-\d{6}-(\d+)(b?)-\d+(-\d+)?\.png/),
      let job = Int64(match.1)
    else { return nil }
    return (job, match.2.isEmpty ? 0 : 1)
  }
}
