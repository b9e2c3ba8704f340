package import Adapters
import Datasets
import Drawing
import Files
package import Foundation
import Images
package import RunLog
package import StableDiffusion
import Torch
package import Training

/// The export of a checkpoint's adapter to a file for other programs.
package struct AdapterExport {
  /// What the user adds to the file's metadata.
  package struct Details {
    package var title: String?
    package var author: String?
    package var license: String?
    package var description: String?
    /// Whether the file gets the first sample picture of the checkpoint.
    package var hasPreview = true

    package init() {}
  }

  private let run: Run
  private let folder: RunFolder
  private let checkpoint: CheckpointFolder
  private let model: ModelDirectory
  private let weights: CheckpointWeights
  private let layers: AdaptableLayers
  private let adapters: LayerAdapters

  /// Reads an adapter of a checkpoint. Throws `AdapterFileError`, `CheckpointError.noAverage`, `WeightsError`.
  ///
  /// - Parameters:
  ///   - model: the base model of the run.
  ///   - weights: which adapter.
  package init(
    _ checkpoint: CheckpointFolder, of run: Run, in project: ProjectFolder, model: ModelDirectory,
    weights: CheckpointWeights = .adapter
  ) throws {
    if weights != .adapter { try checkpoint.verify(weights) }
    self.weights = weights
    self.run = run
    self.checkpoint = checkpoint
    self.model = model
    folder = project.folder(of: run)
    layers = AdaptableLayers(model)
    adapters = try AdapterFile(contentsOf: checkpoint.file(of: weights)).adapters(for: layers)
  }

  /// Writes the file, or PEFT's folder, and reads it back. Throws `AdapterFileError`,
  /// `CheckpointError`, `FileAccessError`, `WeightsError`.
  ///
  /// - Returns: the record of the export, and a note if a sample picture could not be added.
  package func write(
    _ writer: AdapterWriter, details: Details, to url: URL
  ) throws -> (record: ExportRecord, note: String?) {
    let (preview, note) = details.hasPreview ? preview() : (nil, nil)
    let file = try writer.write(
      adapters, of: layers, metadata: metadata(details, preview: preview), to: url)
    let read = try AdapterFile(contentsOf: url).adapters(for: layers)
    let comparison = try AdapterComparison(adapters, read, on: model)
    let record = ExportRecord(
      step: checkpoint.step, weights: weights == .adapter ? nil : weights.rawValue,
      format: writer.format.rawValue,
      precision: Precision.allCases.first { $0.dtype == writer.dtype }?.rawValue ?? "",
      path: url.relativePath, sha256: try ContentHash.of(fileAt: file),
      difference: comparison.difference, change: comparison.change,
      exportedAt: Date().ISO8601Format())
    return (record, note)
  }

  /// Adds the record of an export to the run folder. Throws `FileAccessError`.
  package func save(_ record: ExportRecord) throws {
    try ExportRecord.append(record, to: folder)
  }

  /// The checkpoint's own metadata, or the same for a checkpoint of an earlier version, with what only
  /// an export has.
  private func metadata(_ details: Details, preview: Data?) throws -> [String: String] {
    let state = try checkpoint.state()
    let description = AdapterDescription(state, model: model, weights: weights)
    let own = try AdapterFile.metadata(of: checkpoint.file(of: weights))
    var all = try description.metadata(step: checkpoint.step).merging(own) { $1 }
    var spec = description.modelSpec(step: checkpoint.step)
    spec.title = details.title ?? spec.title
    spec.triggerPhrase = all[ModelSpec.triggerKey]
    spec.author = details.author
    spec.license = details.license
    spec.description = details.description
    spec.date = run.startedAt
    spec.thumbnail = preview
    all.merge(spec.metadata) { $1 }
    all["ss_training_started_at"] = "\(run.startedAt.timeIntervalSince1970)"
    all["ss_sd_model_name"] = URL(filePath: run.model).lastPathComponent
    all["lora_train.run"] = try RunRecord(run, state).json()
    return all
  }

  /// The first sample picture of the checkpoint as a small PNG, if it was drawn with the exported weights.
  private func preview() -> (picture: Data?, note: String?) {
    let samples = folder.sampleFolder(step: checkpoint.step)
    do {
      guard FileManager.default.fileExists(atPath: samples.path) else { return (nil, nil) }
      let drawn = try checkpoint.state().config.evaluate
      guard drawn == weights else {
        return (
          nil,
          "The file has no preview picture, because the samples of the run were drawn with the "
            + (drawn == .ema ? "average of its weights." : "weights, not their average.")
        )
      }
      let names = try FileManager.default.contentsOfDirectory(atPath: samples.path).sorted()
      guard let name = names.first(where: { $0.hasSuffix(".png") }) else { return (nil, nil) }
      let picture = try ImageDecoder.decode(contentsOf: samples.appending(path: name))
      let scale = min(1, Self.previewSide / Double(max(picture.width, picture.height)))
      let size = PixelSize(
        width: max(1, Int(Double(picture.width) * scale)),
        height: max(1, Int(Double(picture.height) * scale)))
      return (try PNGEncoder.encode(Resampling(resized: size)(picture)), nil)
    } catch {
      return (
        nil,
        "The file has no preview picture, because \(samples.relativePath) cannot be used: \(error)"
      )
    }
  }

  /// The longer side of a preview picture in pixels, as modelspec recommends.
  private static let previewSide = 256.0

  /// The run in the metadata: its number, versions and resumes.
  private struct RunRecord: Encodable {
    let run: Int64
    let version: String
    let libtorch: String
    let resumes: [Resume]

    init(_ run: Run, _ state: TrainingState) {
      self.run = run.id
      version = run.version
      libtorch = state.libtorch
      resumes = state.resumes ?? []
    }

    func json() throws -> String {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }
}
