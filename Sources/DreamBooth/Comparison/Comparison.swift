public import Foundation
public import StableDiffusion

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
  /// How it is drawn: the size, steps, guidance and all else but prompt and seeds.
  public let style: PictureSeries

  /// A comparison.
  public init(
    columns: [Column], prompts: [String], seeds: [UInt64], style: PictureSeries
  ) {
    self.columns = columns
    self.prompts = prompts
    self.seeds = seeds
    self.style = style
  }

  /// From top to bottom: the seeds of the first prompt, and so on.
  public var rows: [Row] {
    prompts.flatMap { prompt in seeds.map { Row(prompt: prompt, seed: $0) } }
  }
}
