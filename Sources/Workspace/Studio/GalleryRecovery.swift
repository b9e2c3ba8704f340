import Drawing
import Files
import Foundation
import Options
import RunLog

/// Records the pictures on the disk that the gallery lacks: a process died between the file and its
/// record, or the database is lost. Their records are in the files.
struct GalleryRecovery {
  /// The part of a file name that the pictures of one drawing share, and what follows from it.
  private struct Origin: Hashable {
    let time: String
    let job: Int64
    let variant: Int
  }

  let project: ProjectFolder
  let gallery: Gallery

  /// Throws `RunLogError`, `FileAccessError`. Files of other programs are left alone.
  func run() throws {
    let folder = project.pictures
    DurableFile.removeLeftovers(in: folder)
    let known = try gallery.paths()
    let lost = folder.entryNames.sorted().filter {
      $0.hasSuffix(".png") && !$0.hasPrefix(".")
        && !known.contains("\(folder.lastPathComponent)/\($0)")
    }
    // Jobs are counted from 1 again after a loss, so a number alone does not name a job.
    var jobs: [String: Int64] = [:]
    for name in lost {
      let file = folder.appending(path: name)
      guard let record = try Self.record(of: file) else { continue }
      let origin = Self.origin(of: name)
      let group = origin.map { "\($0.time)-\($0.job)" } ?? name
      let job = try jobs[group] ?? origin.flatMap { try ownJob($0, record) } ?? newJob(record)
      jobs[group] = job
      _ = try gallery.add(
        GalleryPicture(file, record, job: job, variant: origin?.variant ?? 0, in: project))
    }
  }

  /// The job that has drawn a picture; nil if it is lost.
  private func ownJob(_ origin: Origin, _ record: PictureRecord) throws -> Int64? {
    guard let job = try gallery.job(origin.job), job.title == record.prompt.jobTitle,
      try gallery.pictures(ofJobs: [origin.job]).allSatisfy({ $0.prompt == record.prompt })
    else { return nil }
    return job.id
  }

  /// A job for pictures whose own is lost.
  private func newJob(_ record: PictureRecord) throws -> Int64 {
    let request = record.request
    var fields = DrawingOptions().differences(from: request.options).reduce(into: [:]) {
      $0[$1.key] = JSONValue.string("\($1.old)")
    }
    let schema = DrawingOptions.schema
    fields[schema.key(of: \.$prompt)] = .string(record.prompt)
    fields[schema.key(of: \.$seed)] = .unsigned(record.seed)
    fields[schema.key(of: \.$model)] = .string(record.model.path)
    if let negative = record.negative { fields[schema.key(of: \.$negative)] = .string(negative) }
    // The names of checkpoints do not contain the run, so that ordering again is refused.
    if !record.adapters.isEmpty {
      fields[schema.key(of: \.$loras)] = .array(record.adapters.map { .string($0.name) })
    }
    var job = StudioJob(
      kind: JobKind.drawing.rawValue, title: record.prompt.jobTitle, request: try fields.json,
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

  /// What a name such as `20261130-142501-12b-7.png` tells.
  private static func origin(of name: String) -> Origin? {
    guard let match = name.wholeMatch(of: /(\d{8}-\d{6})-(\d+)(b?)-\d+(-\d+)?\.png/),
      let job = Int64(match.2)
    else { return nil }
    return Origin(time: String(match.1), job: job, variant: match.3.isEmpty ? 0 : 1)
  }
}

extension String {
  /// A prompt as the title of its job.
  var jobTitle: String { excerpt(200) }
}
