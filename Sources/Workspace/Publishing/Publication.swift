import Datasets
import Files
import Foundation
package import Hub
import NN
import RunLog
import Training

/// The files that publish a checkpoint: the adapter, the vectors of a new word, the sample grid, and the page
/// that describes them.
package struct Publication: Sendable {
  /// What a user may add.
  package struct Options: Sendable {
    /// The license, by the Hub's identifier; nil for none.
    package var license: String?
    /// The repository of the base model; nil for the one that the model was pulled from.
    package var baseModel: String?
    /// The message of the commit; nil for one with step and run.
    package var message: String?

    package init(license: String?, baseModel: String?, message: String?) {
      self.license = license
      self.baseModel = baseModel
      self.message = message
    }
  }

  private static let samplesName = "samples.png"

  package let files: [UploadFile]
  package let message: String
  /// Sentences about what the page lacks.
  package let notes: [String]

  /// Collects the files of a checkpoint. Throws `RunError`, `RunLogError`, `CheckpointError`,
  /// `FileAccessError`, `WeightsError`, `RepositoryError.name`.
  package init(
    _ reference: CheckpointReference, to repository: RepositoryName, in library: RunLibrary,
    models: BaseModels, options: Options
  ) throws {
    let run = try library.run(reference.run)
    let (checkpoint, note) = try library.checkpoint(reference.step, of: run)
    let config = try TrainingConfig(recorded: run)
    let grid = library.project.folder(of: run).sampleGrid(step: checkpoint.step)
    let hasGrid = DurableFile.exists(grid)
    let baseModel =
      try options.baseModel.map { try RepositoryName($0).description }
      ?? models.all.first { $0.runs(among: [run]).count == 1 }?.manifest?.repository
    let embedding = try EmbeddingExport(checkpoint)
    let trigger = embedding?.word ?? Self.trigger(of: run)
    let adapter = try embedding == nil || checkpoint.hasAdapter() ? checkpoint.adapter : nil
    let card = ModelCard(
      repository: repository.description, subject: run.subject, trigger: trigger,
      prompt: config.samplePrompts.first ?? "a photo of \(trigger)", baseModel: baseModel,
      license: options.license, adapter: adapter?.lastPathComponent,
      method: config.adaptation.adapter,
      embedding: embedding?.place(beside: checkpoint.adapter).lastPathComponent,
      samples: hasGrid ? Self.samplesName : nil, samplePrompts: config.samplePrompts,
      settings: Self.settings(of: run, config, step: checkpoint.step, baseModel: baseModel))
    let named = [
      (card.adapter, adapter), (card.embedding, checkpoint.embedding),
      (card.samples, hasGrid ? grid : nil),
    ]
    files =
      try [UploadFile(path: "README.md", bytes: Data(card.text.utf8))]
      + named.compactMap { name, file in
        guard let name, let file else { return nil }
        return try UploadFile(path: name, file: file)
      }
    message = options.message ?? "Step \(checkpoint.step) of run \(run.id)"
    notes =
      [note].compactMap { $0 }
      + (hasGrid ? [] : ["Step \(checkpoint.step) has no sample grid, so the page has no picture."])
      + (baseModel == nil
        ? [
          "The repository of the base model \(run.model) is not known, so the page does not name it; give "
            + "it with `base_model`."
        ] : [])
  }

  /// The word for the subject, from the dataset if it is still there.
  private static func trigger(of run: Run) -> String {
    do {
      let folder = URL(filePath: run.dataset, directoryHint: .isDirectory)
      return try Subject(name: run.subject, directory: folder).token
    } catch {
      return run.subject
    }
  }

  private static func settings(
    of run: Run, _ config: TrainingConfig, step: Int, baseModel: String?
  ) -> [(name: String, value: String)] {
    [
      ("base model", baseModel ?? run.model), ("steps", "\(step)"),
      ("kind", config.adaptation.adapter.rawValue), ("rank", "\(config.rank)"),
      ("alpha", config.alpha.short),
      ("layers", config.adaptation.targets.names.joined(separator: ", ")),
      ("learning rate", "\(config.optimization.learningRate)"),
      ("batch size", "\(config.batchSize * config.gradientAccumulation)"),
      ("resolution", config.resolution.map(String.init) ?? "the model's own"),
      ("min-SNR gamma", config.objective.minSNRGamma?.short ?? "none"),
      ("seed", "\(config.seed)"),
      ("lora-train", run.version),
    ]
  }
}
