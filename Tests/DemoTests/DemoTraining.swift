import Datasets
import DemoScores
import Foundation
import Images
import Options
import StableDiffusion
import TestSupport
import Training

@testable import Drawing

/// A training on the model and the subject that come with the project, in a folder of its own.
struct DemoTraining {
  private let folder: TemporaryDirectory
  private let runFolder: RunFolder
  private let config: TrainingConfig
  private let dataset: URL

  /// Trains with `Configs/dhoni.yaml`, changed.
  ///
  /// - Parameter images: How many of the dataset's images are trained on; nil: all.
  init(images: Int? = nil, _ change: (inout TrainingConfig) -> Void) throws {
    let root = Repository.root
    folder = try TemporaryDirectory()
    runFolder = RunFolder(root: folder.url, subject: "dhoni", id: 1)
    var overrides = OptionOverrides<TrainingConfig>()
    overrides.set(\.$subject, to: "dhoni")
    var config = try TrainingConfig.load(overrides, folder: root.appending(path: "Configs"))
    config.device = .cpu
    // Other suites run at the same time, and threads that wait for each other are slower.
    config.threads = 1
    config.checkpointEvery = 0
    config.sampleEvery = 0
    change(&config)
    self.config = config
    var dataset = root.appending(path: "Datasets/dhoni")
    if let images { dataset = try Self.part(of: dataset, images: images, in: folder.url) }
    self.dataset = dataset
  }

  /// The validation losses in the order of their steps.
  func train() throws -> [(step: Int, loss: Double)] {
    let setup = try TrainingSetup(
      config: config, dataset: .load(directory: dataset, subject: "dhoni"),
      model: ModelDirectory(Repository.root.appending(path: "Checkpoints/base/demo")),
      caches: folder.url.appending(path: "cache"))
    var losses: [(step: Int, loss: Double)] = []
    _ = try Trainer(setup, folder: runFolder).train(
      from: nil, stopped: { false },
      report: { event in
        if case .validation(let report) = event { losses.append((report.step, report.loss)) }
      })
    return losses
  }

  /// The pictures of the sample grid of a step.
  func samples(step: Int) throws -> [RGBImage] {
    let name = String(format: "samples/step-%06d", step)
    return try PictureFolder.pictures(in: runFolder.url.appending(path: name)).map {
      try ImageDecoder.decode(contentsOf: $0)
    }
  }

  /// The number of pictures of a sample grid that show the subject.
  func recognised(step: Int) throws -> Int {
    let detector = try SubjectDetector(.dhoni)
    return try samples(step: step).count { try detector.detect(in: $0).isPresent }
  }

  /// A dataset of the first few images and all validation images.
  private static func part(of dataset: URL, images: Int, in folder: URL) throws -> URL {
    let part = folder.appending(path: "few")
    let files = FileManager.default
    try files.createDirectory(at: part, withIntermediateDirectories: true)
    var names = [ValidationImages.folderName, "subject.yaml"]
    for number in 1...images {
      names += ["png", "txt"].map { String(format: "%02d.", number) + $0 }
    }
    for name in names {
      try files.copyItem(at: dataset.appending(path: name), to: part.appending(path: name))
    }
    return part
  }
}
