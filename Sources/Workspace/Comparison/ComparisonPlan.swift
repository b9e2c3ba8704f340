package import Drawing
package import Files
package import Foundation
import NN
import Options
package import Ranks
import RunLog
package import StableDiffusion
import Training

/// A comparison of checkpoints with everything that its drawing needs.
package struct ComparisonPlan {
  /// What is compared, and how.
  package struct Wish: Sendable {
    /// Runs with all of their checkpoints, or single checkpoints.
    package var references: [CheckpointReference]
    /// Empty: the sample prompts of the first run.
    package var prompts: [String] = []
    /// Empty: the sample seeds of the first run.
    package var seeds: [UInt64] = []
    /// Strengths of the adapters. Empty: 1.
    package var strengths: [Double] = []
    /// Whether there is a column of the base model alone.
    package var hasBase = true
    /// Options over those of the first run's samples.
    package var request = DrawingRequest()

    package init(_ references: [CheckpointReference]) { self.references = references }
  }

  package let runs: [ComparedRun]
  package let options: DrawingOptions
  package let comparison: Comparison
  package let model: ModelDirectory
  package let refiner: ModelDirectory?
  package let precision: Precision

  /// Opens runs and models. Throws `RunError`, `CheckpointError`, `ComparisonError`, `BaseModelError` and errors
  /// of the files.
  package init(
    _ wish: Wish, in library: RunLibrary, models: BaseModels, report: WorkspaceReport
  ) throws {
    let runs = try ComparedRun.all(wish.references, in: library, report: report)
    let options = wish.request.over(Self.samples(of: runs[0].config)).options
    model = try models.open(options.model ?? Self.commonModel(of: runs))
    refiner = try options.refiner.map { try models.open($0, as: .refiner) }
    comparison = Self.comparison(of: runs, options, wish, side: model.resolution)
    precision = try options.precision ?? .standard(on: options.device.resolve())
    self.runs = runs
    self.options = options
  }

  /// What the page of the comparison shows.
  package var summary: ComparisonSummary {
    ComparisonSummary(comparison, runs: runs, model: model, refiner: refiner, precision: precision)
  }

  /// Hashes the models. Throws `DeviceError`, `FileAccessError`, `ModelError`, `WeightsError`.
  ///
  /// - Parameters:
  ///   - caches: the cache folder.
  ///   - ranks: the ranks that draw together; nil for a process on its own.
  package func drawing(caches: URL, ranks: RankGroup? = nil) throws -> ComparisonDrawing {
    let device = try ranks.map(options.device.placed) ?? options.device
    return try ComparisonDrawing(
      comparison, base: model, refiner: refiner, precision: precision,
      device: device.resolve(), caches: caches)
  }

  /// A note for each run that was trained on another base model than the one that draws. Throws errors of
  /// the files.
  ///
  /// - Parameter caches: the cache folder of ``drawing(caches:)``, which has the model's hashes.
  package func modelNotes(in library: RunLibrary, caches: URL) throws -> [String] {
    guard options.model == nil else { return [] }
    let hashes = FileHashes(in: caches)
    return try runs.compactMap { run in
      try library.note(
        on: model, for: run.run, step: run.checkpoints.last?.folder.step, hashes: hashes)
    }
  }

  /// The options of a run's samples.
  private static func samples(of config: TrainingConfig) -> DrawingRequest {
    var request = DrawingRequest()
    request.set(\.$steps, to: config.sampleSteps)
    request.set(\.$guidance, to: config.sampleGuidance)
    // The samples are read in chunks, as the captions are.
    if config.maxCaptionTokens > 75 { request.set(\.$longPrompts, to: true) }
    if let resolution = config.resolution {
      request.set(\.$width, to: resolution)
      request.set(\.$height, to: resolution)
    }
    return request
  }

  private static func comparison(
    of runs: [ComparedRun], _ options: DrawingOptions, _ wish: Wish, side: Int
  ) -> Comparison {
    let config = runs[0].config
    let rounds = options.refiner == nil ? [false] : [false, true]
    let untrained = rounds.map { isRefined in
      Comparison.Column(
        label: isRefined ? "base, refiner" : "base", adapter: nil, isRefined: isRefined)
    }
    let trained = runs.flatMap { run in
      rounds.flatMap {
        run.columns(strengths: wish.strengths.isEmpty ? [1] : wish.strengths, isRefined: $0)
      }
    }
    return Comparison(
      columns: (wish.hasBase ? untrained : []) + trained,
      prompts: wish.prompts.isEmpty ? config.samplePrompts : wish.prompts,
      seeds: wish.seeds.isEmpty ? config.sampleSeeds : wish.seeds, options: options, side: side)
  }

  /// The base model of all runs. Throws `ComparisonError.severalModels`.
  private static func commonModel(of runs: [ComparedRun]) throws(ComparisonError) -> String {
    let first = runs[0].run
    for other in runs.map(\.run) where other.model != first.model {
      throw .severalModels(
        run: first.id, model: first.model, other: other.id, otherModel: other.model)
    }
    return first.model
  }
}

/// Checkpoints that cannot be compared.
package enum ComparisonError: ReportableError, Equatable {
  /// The runs have different base models.
  case severalModels(run: Int64, model: String, other: Int64, otherModel: String)

  package var kind: ErrorKind {
    switch self {
    case .severalModels: .usage
    }
  }

  package var description: String {
    switch self {
    case .severalModels(let run, let model, let other, let otherModel):
      "Run \(run) was trained on \(model) and run \(other) on \(otherModel); compare runs of one base "
        + "model, or choose the model to draw with by `model`."
    }
  }
}
