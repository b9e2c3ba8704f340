import Datasets
import Files
import Foundation
import Images

/// A dataset report as text.
struct DatasetTable {
  private static let captionWidth = 48
  /// The most files that are listed of one problem.
  private static let listedFiles = 100

  private let report: DatasetReport

  init(_ report: DatasetReport) { self.report = report }

  /// A row for each image, then the totals, then the problems.
  var text: String {
    var parts: [String] = []
    if !report.images.isEmpty { parts += [images, totals] }
    if !unusable.isEmpty { parts.append("Files that cannot be used:\n" + list(unusable)) }
    if !problems.isEmpty { parts.append("Problems (marked !):\n" + list(problems)) }
    return parts.joined(separator: "\n\n")
  }

  private var images: String {
    let marked = Set(report.problems.flatMap(\.files))
    return Table(
      header: ["", "file", "size", "bucket", "crop", "cut", "scale", "tokens", "caption"],
      rows: report.images.map { image in
        let geometry = image.geometry
        let extras = [
          image.image.repeats > 1 ? "x\(image.image.repeats)" : nil,
          image.image.mask == nil ? nil : "mask",
          image.image.focus == nil ? nil : "focus",
        ].compactMap { $0 }
        return [
          marked.contains(image.image.name) ? "!" : " ", image.image.name.showingControls,
          image.image.size.description, geometry.target.description,
          "\(geometry.cropTop),\(geometry.cropLeft)",
          "\(Int((100 * geometry.cutAway).rounded())) %",
          String(format: "%.2f", geometry.scale),
          "\(image.tokens)",
          (extras + [shortened(image.caption.showingControls)]).joined(separator: " "),
        ]
      }
    ).text
  }

  private var totals: String {
    let (config, count) = (report.config, report.images.count)
    let sizes = report.buckets.map { "\($0.samples) in \($0.size)" }
    let each = [
      config.batchSize > 1 ? "batches of \(config.batchSize)" : nil,
      config.gradientAccumulation > 1 ? "\(config.gradientAccumulation) batches a step" : nil,
    ].compactMap { $0 }
    let epoch =
      "\(report.stepsPerEpoch)" + (each.isEmpty ? "" : " (\(each.joined(separator: ", ")))")
    return Table(rows: [
      ["images", "\(count) at \(report.resolution) pixels: \(sizes.joined(separator: ", "))"],
      ["steps per epoch", epoch],
      ["trigger", trigger],
    ]).text
  }

  private var trigger: String {
    let lacking = report.imagesWithoutTrigger
    let word = "\"\(report.trigger)\""
    switch lacking.count {
    case 0: return "\(word), in every caption"
    case report.images.count: return "\(word), in no caption"
    default:
      return
        "\(word), in \(report.images.count - lacking.count) of \(report.images.count) captions, "
        + "missing: \(shortened(lacking.joined(separator: ", ").showingControls, to: 200))"
    }
  }

  private var unusable: [String] { report.unusable.map(\.description.wordingFlags) }

  private var problems: [String] {
    let limit = Self.listedFiles
    return report.problems.map { $0.description(files: limit).wordingFlags }
      + (report.problems.contains { $0.files.count > limit } ? ["--json lists all files"] : [])
  }

  private func list(_ sentences: [String]) -> String {
    sentences.map { "  \($0)" }.joined(separator: "\n")
  }

  private func shortened(_ text: String, to width: Int = captionWidth) -> String {
    text.count <= width ? text : "\(text.prefix(width - 3))..."
  }
}
