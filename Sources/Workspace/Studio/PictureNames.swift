import Drawing
import Files
import Foundation
import RunLog

/// The files of a job's pictures, such as `20261130-142501-12-7.png`: the time, the job and the seed. A
/// name is never used twice, even if the database is lost and jobs are counted from 1 again.
struct PictureNames: Sendable {
  private let folder: URL
  private let start: String

  init(in folder: URL, job: Int64, variant: Int) {
    self.folder = folder
    start = "\(Self.start(job))" + (variant == 0 ? "" : "b")
  }

  /// The time and the number of a job, as in `20261130-142501-12`.
  static func start(_ job: Int64) -> String {
    let style = Date.VerbatimFormatStyle(
      format:
        "\(year: .defaultDigits)\(month: .twoDigits)\(day: .twoDigits)-\(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased))\(minute: .twoDigits)\(second: .twoDigits)",
      timeZone: .gmt, calendar: Calendar(identifier: .gregorian))
    return "\(Date().formatted(style))-\(job)"
  }

  func file(seed: UInt64) -> URL {
    let name = "\(start)-\(seed)"
    var file = folder.appending(path: "\(name).png")
    var number = 1
    while DurableFile.exists(file) {
      number += 1
      file = folder.appending(path: "\(name)-\(number).png")
    }
    return file
  }
}

extension GalleryPicture {
  /// A picture that was written into the project's folder of pictures.
  init(
    _ file: URL, _ record: PictureRecord, job: Int64, variant: Int, in project: ProjectFolder
  ) throws {
    self.init(
      job: job, variant: variant, seed: record.seed,
      path: "\(project.pictures.lastPathComponent)/\(file.lastPathComponent)",
      width: record.width, height: record.height, prompt: record.prompt, record: try record.json())
  }
}
