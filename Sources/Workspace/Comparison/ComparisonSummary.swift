import Drawing
import Foundation
import RunLog
import StableDiffusion
import Training

/// What the page of a comparison shows besides the pictures.
package struct ComparisonSummary: Codable, Sendable, Equatable {
  package struct Column: Codable, Sendable, Equatable {
    package let label: String
    /// Further lines below the label.
    package let notes: [String]
    /// The SHA-256 of the adapter's file; nil for the base model.
    package let sha256: String?
    /// The rank among the checkpoints of its run, from 1; nil without a rank.
    package let place: Int?
  }

  package struct Row: Codable, Sendable, Equatable {
    package let prompt: String
    package let seed: UInt64
  }

  package let title: String
  /// The best checkpoint of each run, and the reason.
  package let sentences: [String]
  /// The settings of all pictures.
  package let settings: String
  package let columns: [Column]
  package let rows: [Row]
  package let charts: [ComparisonChart]

  init(
    _ comparison: Comparison, runs: [ComparedRun], model: ModelDirectory,
    refiner: ModelDirectory?, precision: Precision
  ) {
    title = Self.title(comparison, runs)
    sentences = runs.compactMap { run in
      guard let advice = run.ranking?.advice, run.checkpoints.count > 1 else { return nil }
      return runs.count > 1 ? "Run \(run.run.id): \(advice)" : advice
    }
    settings = comparison.settings(
      model: model.url.lastPathComponent, refiner: refiner?.url.lastPathComponent,
      precision: precision)
    let places = Self.places(runs)
    columns = comparison.columns.map { column in
      Column(
        label: column.label, notes: column.notes, sha256: column.adapter?.sha256,
        place: column.isMeasured ? column.adapter.flatMap { places[$0.sha256] } : nil)
    }
    rows = comparison.rows.map { Row(prompt: $0.prompt, seed: $0.seed) }
    charts = runs.flatMap(\.charts)
  }

  private static func title(_ comparison: Comparison, _ runs: [ComparedRun]) -> String {
    func count(_ number: Int, _ what: String) -> String {
      "\(number) \(what)\(number == 1 ? "" : "s")"
    }
    let subjects = Set(runs.map(\.run.subject)).sorted().joined(separator: ", ")
    let checkpoints = Set(comparison.columns.compactMap(\.adapter?.sha256)).count
    return
      "\(subjects): \(count(checkpoints, "checkpoint")), "
      + "\(count(comparison.prompts.count, "prompt")), \(count(comparison.seeds.count, "seed"))"
  }

  /// The ranks of checkpoints by their hashes.
  private static func places(_ runs: [ComparedRun]) -> [String: Int] {
    Dictionary(
      runs.flatMap { run in
        run.checkpoints.compactMap { checkpoint in
          run.ranking.flatMap { ranking in
            ranking.ranked.count > 1
              ? ranking.place(ofStep: checkpoint.folder.step).map { (checkpoint.sha256, $0) } : nil
          }
        }
      }, uniquingKeysWith: { first, _ in first })
  }
}

extension Comparison.Column {
  /// Whether it is drawn as its validation loss was computed: at full strength, without a refiner.
  fileprivate var isMeasured: Bool { adapter?.strength == 1 && !isRefined }
}
