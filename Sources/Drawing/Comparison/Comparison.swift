public import Foundation
import Options
package import StableDiffusion

/// The same prompts from the same noise by several checkpoints, side by side.
public struct Comparison: Sendable {
  /// What a column is drawn with.
  public struct Column: Sendable {
    /// An adapter of a run, and how much of it.
    public struct Adapter: Sendable {
      /// The file.
      public let file: URL
      /// Its hash.
      public let sha256: String
      /// What it is multiplied with.
      public let strength: Double
      /// What pictures' parameters call it, as `dog@500`.
      public let name: String

      /// An adapter of this strength.
      public init(file: URL, sha256: String, strength: Double, name: String) {
        self.file = file
        self.sha256 = sha256
        self.strength = strength
        self.name = name
      }
    }

    /// What the column is called, as `run 3, step 500`.
    public let label: String
    /// What else is said of it, line by line.
    public let notes: [String]
    /// The adapter; nil: the untouched base.
    public let adapter: Adapter?
    /// Whether the refiner goes on with what the base has drawn.
    public let isRefined: Bool

    /// A column.
    public init(label: String, notes: [String] = [], adapter: Adapter?, isRefined: Bool = false) {
      self.label = label
      self.notes = notes
      self.adapter = adapter
      self.isRefined = isRefined
    }
  }

  /// What a row shows.
  public struct Row: Sendable, Equatable {
    /// What is drawn.
    public let prompt: String
    /// Decides the noise that it is drawn from.
    public let seed: UInt64
  }

  /// From left to right.
  public let columns: [Column]
  /// What each column draws.
  public let prompts: [String]
  /// Each prompt is drawn from each of these.
  public let seeds: [UInt64]
  /// How everything is drawn; prompt and seed are of no account.
  package let options: DrawingOptions
  /// The same as the pipeline takes it.
  package let style: PictureSeries

  /// - Parameter side: the width and height where the options have none.
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

  /// From top to bottom: the seeds of the first prompt, and so on.
  public var rows: [Row] {
    prompts.flatMap { prompt in seeds.map { Row(prompt: prompt, seed: $0) } }
  }

  /// How everything was drawn, in words.
  package func settings(model: String, refiner: String?, precision: Precision) -> String {
    [
      "Drawn with \(model)", refiner.map { "and the refiner \($0)" },
      "at \(style.width)x\(style.height), \(style.steps) steps, guidance "
        + "\(style.guidance.text), \(precision.rawValue)",
      style.negative.map { "negative prompt: \($0)" },
    ].compactMap { $0 }.joined(separator: ", ")
  }
}
