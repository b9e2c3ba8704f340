package import Foundation
import Options
package import StableDiffusion

/// The same prompts and seeds drawn with several checkpoints, side by side.
package struct Comparison: Sendable {
  /// The checkpoint that draws a column.
  package struct Column: Sendable {
    /// An adapter of a run with a strength.
    package struct Adapter: Sendable {
      package let file: URL
      package let sha256: String
      package let strength: Double
      /// The file with the vectors of the run's new word; nil if it has none.
      package let embedding: URL?
      /// The name in the pictures' parameters, such as `dog@500`.
      package let name: String

      package init(
        file: URL, sha256: String, strength: Double, name: String, embedding: URL? = nil
      ) {
        self.file = file
        self.sha256 = sha256
        self.strength = strength
        self.embedding = embedding
        self.name = name
      }
    }

    /// The column's title, such as `run 3, step 500`.
    package let label: String
    /// Further lines below the title.
    package let notes: [String]
    /// nil for the base model alone.
    package let adapter: Adapter?
    /// Whether the refiner finishes the pictures of the base model.
    package let isRefined: Bool

    package init(label: String, notes: [String] = [], adapter: Adapter?, isRefined: Bool = false) {
      self.label = label
      self.notes = notes
      self.adapter = adapter
      self.isRefined = isRefined
    }
  }

  package struct Row: Sendable, Equatable {
    package let prompt: String
    package let seed: UInt64
  }

  /// From left to right.
  package let columns: [Column]
  package let prompts: [String]
  /// Each prompt is drawn with each seed.
  package let seeds: [UInt64]
  /// The options of every picture. Their prompt and seed are ignored.
  package let options: DrawingOptions
  /// The same options as the pipeline takes them.
  package let style: PictureSeries

  /// - Parameter side: the width and height if the options have none, in pixels.
  package init(
    columns: [Column], prompts: [String], seeds: [UInt64], options: DrawingOptions, side: Int
  ) {
    self.columns = columns
    self.prompts = prompts
    self.seeds = seeds
    let style = options.series(side: side)
    self.style = style
    var sized = options
    (sized.width, sized.height) = (style.width, style.height)
    self.options = sized
  }

  /// From top to bottom: all seeds of the first prompt, then of the second, and so on.
  package var rows: [Row] {
    prompts.flatMap { prompt in seeds.map { Row(prompt: prompt, seed: $0) } }
  }

  /// The settings of all pictures, in one line.
  package func settings(model: String, refiner: String?, precision: Precision) -> String {
    [
      "Drawn with \(model)", refiner.map { "and the refiner \($0)" },
      "at \(style.width)x\(style.height), \(style.steps) steps, guidance "
        + "\(style.guidance.text), \(precision.rawValue)",
      style.negative.map { "negative prompt: \($0)" },
    ].compactMap { $0 }.joined(separator: ", ")
  }
}
