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
  /// - Parameter pictures: how many of the dataset's pictures are trained on; nil: all.
  init(pictures: Int? = nil, _ change: (inout TrainingConfig) -> Void) throws {
    let root = Repository.root
    folder = try TemporaryDirectory()
    runFolder = RunFolder(root: folder.url, subject: "dhoni", id: 1)
    var overrides = OptionOverrides<TrainingConfig>()
    overrides.set(\.$subject, to: "dhoni")
    var config = try TrainingConfig.load(overrides, folder: root.appending(path: "Configs"))
    config.device = .cpu
    // Other suites run at the same time: threads that wait for each other would only lose time.
    config.threads = 1
    config.checkpointEvery = 0
    config.sampleEvery = 0
    change(&config)
    self.config = config
    var dataset = root.appending(path: "Datasets/dhoni")
    if let pictures { dataset = try Self.part(of: dataset, pictures: pictures, in: folder.url) }
    self.dataset = dataset
  }

  /// The held-out losses in the order of their steps.
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

  /// In how many pictures of a sample grid the subject is.
  func recognised(step: Int) throws -> Int {
    let detector = try SubjectDetector(.dhoni)
    return try samples(step: step).count { try detector.look(at: $0).isPresent }
  }

  /// A dataset of the first few pictures and all that are held out.
  private static func part(of dataset: URL, pictures: Int, in folder: URL) throws -> URL {
    let part = folder.appending(path: "few")
    let files = FileManager.default
    try files.createDirectory(at: part, withIntermediateDirectories: true)
    var names = [HeldOut.folderName, "subject.yaml"]
    for number in 1...pictures {
      names += ["png", "txt"].map { String(format: "%02d.", number) + $0 }
    }
    for name in names {
      try files.copyItem(at: dataset.appending(path: name), to: part.appending(path: name))
    }
    return part
  }
}
