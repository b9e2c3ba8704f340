import Foundation
import Images
import NN
import StableDiffusion
import TestSupport
import Testing

@testable import Datasets
@testable import Drawing
@testable import Training

/// A dataset of three small images, and trainings of the small random model on it.
final class TinyTraining {
  let folder: TemporaryDirectory
  /// The base model. Tests may change it after ``copyModel()``.
  var model = Repository.golden.appending(path: "tiny-sdxl")
  /// Whether passes are recorded, as on a GPU.
  var recordsPasses = false

  var dataset: URL { folder.url.appending(path: "dog") }
  var caches: URL { folder.url.appending(path: "cache") }

  init() throws {
    folder = try TemporaryDirectory()
    try FileManager.default.createDirectory(at: dataset, withIntermediateDirectories: true)
    for (number, size) in [(80, 64), (64, 100), (70, 70)].enumerated() {
      try writeImage("\(number).png", width: size.0, height: size.1, seed: number)
    }
    try Data("a photo of sks dog".utf8).write(to: dataset.appending(path: "0.txt"))
    try Data("sks dog on the beach".utf8).write(to: dataset.appending(path: "1.txt"))
  }

  /// Writes an image of coloured waves to the dataset.
  func writeImage(_ name: String, width: Int, height: Int, seed: Int) throws {
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        for channel in 0..<3 {
          let wave = sin(Double(x * (seed + 1)) / 9 + Double(channel)) * cos(Double(y) / 7)
          pixels.append(UInt8(128 + 100 * wave))
        }
      }
    }
    let image = try RGBImage(width: width, height: height, pixels: pixels)
    try PNGEncoder.encode(image).write(to: dataset.appending(path: name))
  }

  /// Adds a validation image. Without a caption it has the subject's default caption.
  func addValidationImage(
    _ name: String, width: Int = 64, height: Int = 64, caption: String?, seed: Int
  ) throws {
    let folder = dataset.appending(path: ValidationImages.folderName)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try writeImage(
      "\(ValidationImages.folderName)/\(name)", width: width, height: height, seed: seed)
    guard let caption else { return }
    try Data(caption.utf8).write(to: folder.appending(path: name.dropLast(4) + ".txt"))
  }

  /// Copies the model, so that a test can change it.
  func copyModel() throws {
    let copy = folder.url.appending(path: "model")
    try FileManager.default.copyItem(at: model, to: copy)
    model = copy
  }

  /// A configuration of six steps at 64 pixels, without samples, saved after the last step.
  static func config(_ change: (inout TrainingConfig) -> Void = { _ in }) -> TrainingConfig {
    var config = TrainingConfig()
    config.subject = "dog"
    config.steps = 6
    config.resolution = 64
    config.bucketStep = 64
    config.rank = 2
    config.alpha = 3
    config.adaptation.targets = LayerTargets(["to_q", "to_out.0"])
    config.optimization.learningRate = 1e-2
    config.device = .cpu
    config.threads = 1
    config.priorImages = 0
    config.priorSteps = 2
    config.checkpointEvery = 0
    config.sampleEvery = 0
    config.sampleSteps = 2
    change(&config)
    // Without samples, a number of their steps would be noted as without effect.
    if config.sampleEvery == 0 { config.sampleSteps = TrainingConfig().sampleSteps }
    return config
  }

  func setup(_ config: TrainingConfig = TinyTraining.config()) throws -> TrainingSetup {
    var setup = try TrainingSetup(
      config: config, dataset: .load(directory: dataset, subject: "dog"),
      model: ModelDirectory(model), caches: caches)
    setup.recordsPasses = setup.recordsPasses || recordsPasses
    return setup
  }

  func runFolder(_ run: Int) -> RunFolder { RunFolder(root: folder.url, subject: "dog", id: run) }

  /// The hash of the adapter's tensors at a step, which does not depend on the settings in its header.
  func adapterHash(_ run: Int, step: Int = 6) throws -> String {
    let file = try SafetensorsFile(contentsOf: runFolder(run).checkpoint(step: step).adapter)
    return try #require(file.metadata["sshs_model_hash"])
  }

  /// Trains a run, from a checkpoint or the beginning, until `stop` returns true. Its arguments are
  /// the events so far and the number of calls since the last event.
  @discardableResult
  func train(
    run: Int, _ config: TrainingConfig = TinyTraining.config(),
    from checkpoint: CheckpointFolder? = nil,
    stop: @escaping ([TrainingEvent], _ calls: Int) -> Bool = { _, _ in false }
  ) throws -> (outcome: Trainer.Outcome, events: [TrainingEvent]) {
    var events: [TrainingEvent] = []
    var calls = 0
    let trainer = Trainer(try setup(config), folder: runFolder(run))
    let outcome = try trainer.train(
      from: checkpoint,
      stopped: {
        calls += 1
        return stop(events, calls)
      },
      report: { event in
        events.append(event)
        calls = 0
      })
    return (outcome, events)
  }

  /// Trains a run to its end, with a stop and a resume after each of some steps.
  func train(run: Int, _ config: TrainingConfig, stoppedAfter steps: [Int]) throws {
    var checkpoint: CheckpointFolder?
    for last in steps {
      let (outcome, _) = try train(run: run, config, from: checkpoint) { events, _ in
        events.steps.last?.step == last
      }
      checkpoint = runFolder(run).newestCheckpoint().checkpoint
      guard outcome == .stopped(step: last), checkpoint?.step == last else {
        throw NotStopped(step: last)
      }
    }
    try train(run: run, config, from: checkpoint)
  }

  /// The error for a training that did not stop at a step.
  struct NotStopped: Error { let step: Int }

  /// Prepares the data only. Returns the kinds of data that were computed rather than found in
  /// caches.
  func computed(_ config: TrainingConfig = TinyTraining.config()) throws -> [String] {
    var computed: [String] = []
    _ = try PreparedData(
      setup(config), checkStop: {},
      report: { event in
        if case .preparing(let what, _, _) = event { computed.append(what) }
      })
    return computed
  }

  /// The paths of all files in a folder, also hidden ones, sorted.
  func files(below folder: URL) throws -> [String] {
    let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
    return try paths.filter { path in
      let attributes = try FileManager.default.attributesOfItem(
        atPath: folder.appending(path: path).path)
      return attributes[.type] as? FileAttributeType == .typeRegular
    }.sorted()
  }
}

extension [TrainingEvent] {
  /// The steps done.
  var steps: [StepReport] {
    compactMap { event in
      if case .step(let report) = event { report } else { nil }
    }
  }

  /// The steps whose sample grids were written.
  var samples: [Int] {
    compactMap { event in
      if case .sample(let step, _) = event { step } else { nil }
    }
  }

  /// The notes for the user.
  var notes: [String] {
    compactMap { event in
      if case .note(let sentence) = event { sentence } else { nil }
    }
  }

  /// The steps whose checkpoints were written.
  var checkpoints: [Int] {
    compactMap { event in
      if case .checkpoint(let step, _, _) = event { step } else { nil }
    }
  }
}

/// Changes the last byte of a file.
func damageLastByte(of url: URL) throws {
  var data = try Data(contentsOf: url)
  data[data.count - 1] ^= 1
  try data.write(to: url)
}

/// A text with every short hash replaced by #.
func withoutHashes(_ text: String) -> String { text.replacing(/\b[0-9a-f]{8}\b/, with: "#") }
