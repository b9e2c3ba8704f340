import Drawing
import Files
import Foundation
import NN
import Pages
import RunLog
import StableDiffusion
import Torch
import Training
import Workspace

/// The page and the sheet of a comparison.
struct ComparisonReport {
  /// The best checkpoint of each run, and the reason.
  let sentences: [String]

  private let comparison: Comparison
  private let runs: [ComparedRun]
  private let settings: String

  init(
    _ comparison: Comparison, runs: [ComparedRun], model: ModelDirectory,
    refiner: ModelDirectory?, precision: Precision
  ) {
    self.comparison = comparison
    self.runs = runs
    let several = runs.count > 1
    sentences = runs.compactMap { run in
      guard let advice = run.ranking?.advice, run.checkpoints.count > 1 else { return nil }
      return several ? "Run \(run.run.id): \(advice)" : advice
    }
    settings = comparison.settings(
      model: model.url.lastPathComponent, refiner: refiner?.url.lastPathComponent,
      precision: precision)
  }

  /// Writes the page and the sheet, and returns their files. Throws `FileAccessError`, `ImageError`,
  /// `PageError`.
  func write(_ pictures: [[URL]], to folder: URL) throws -> [URL] {
    let sheet = folder.appending(path: "sheet.png")
    let page = folder.appending(path: "index.html")
    try ComparisonSheet(comparison, title: [title] + sentences).write(pictures, to: sheet)
    try DurableFile.replace(page, with: Data(html(pictures).utf8))
    return [page, sheet]
  }

  private var title: String {
    func count(_ number: Int, _ what: String) -> String {
      "\(number) \(what)\(number == 1 ? "" : "s")"
    }
    let subjects = Set(runs.map(\.run.subject)).sorted().joined(separator: ", ")
    let checkpoints = Set(comparison.columns.compactMap(\.adapter?.sha256)).count
    return
      "\(subjects): \(count(checkpoints, "checkpoint")), "
      + "\(count(comparison.prompts.count, "prompt")), \(count(comparison.seeds.count, "seed"))"
  }

  private func html(_ pictures: [[URL]]) throws -> String {
    let places = Dictionary(
      runs.flatMap { run in
        run.checkpoints.compactMap { checkpoint in
          run.ranking.flatMap { ranking in
            ranking.ranked.count > 1
              ? ranking.place(ofStep: checkpoint.folder.step).map { (checkpoint.sha256, $0) } : nil
          }
        }
      }, uniquingKeysWith: { first, _ in first })
    return try ComparisonPage(
      title: title, sentences: sentences, settings: settings,
      columns: comparison.columns.map { column in
        ComparisonPage.Column(
          label: column.label, notes: column.notes,
          place: column.isMeasured ? column.adapter.flatMap { places[$0.sha256] } : nil)
      },
      rows: try zip(comparison.rows, pictures).map { row, files in
        ComparisonPage.Row(
          prompt: row.prompt, seed: row.seed, pictures: try files.map(Self.bytes))
      },
      charts: runs.flatMap(\.charts)
    ).html()
  }

  private static func bytes(of file: URL) throws(FileAccessError) -> Data {
    do {
      return try Data(contentsOf: file)
    } catch {
      throw .unreadable(file: file.relativePath, reason: error.reason)
    }
  }
}

extension Comparison.Column {
  /// Whether it is drawn as its validation loss was computed: at full strength, without a refiner.
  fileprivate var isMeasured: Bool { adapter?.strength == 1 && !isRefined }
}
