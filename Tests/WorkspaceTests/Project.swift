import Drawing
import Foundation
import Images
import RunLog
import TestSupport
import Training
import Workspace

/// A project folder and a dataset of three images. Trainings use the small random model.
final class Project {
  private let directory: TemporaryDirectory
  /// The events reported so far.
  private(set) var events: [WorkspaceEvent] = []

  init() throws {
    directory = try TemporaryDirectory()
    try FileManager.default.createDirectory(at: dataset, withIntermediateDirectories: true)
    for number in 0..<3 {
      let pixels = (0..<64 * 64).flatMap { index -> [UInt8] in
        [UInt8(index % 64 * 3), UInt8(index / 64 * 3), UInt8((index * (number + 1)) % 256)]
      }
      try PNGEncoder.encode(RGBImage(width: 64, height: 64, pixels: pixels))
        .write(to: dataset.appending(path: "\(number).png"))
    }
  }

  var folder: ProjectFolder { ProjectFolder(directory.url.appending(path: "project").path) }
  var dataset: URL { directory.url.appending(path: "dog") }

  /// The notes reported so far.
  var notes: [String] {
    events.compactMap { event in
      if case .note(let sentence) = event { sentence } else { nil }
    }
  }

  /// The steps trained so far.
  var steps: [Int] {
    events.compactMap { event in
      if case .training(.step(let report)) = event { report.step } else { nil }
    }
  }

  /// A training of four steps at 64 pixels with a checkpoint at each step.
  func config(_ change: (inout TrainingConfig) -> Void = { _ in }) -> TrainingConfig {
    var config = TrainingConfig()
    config.subject = "dog"
    config.dataset = dataset.path
    config.model = Repository.golden.appending(path: "tiny-sdxl").path
    config.steps = 4
    config.resolution = 64
    config.rank = 2
    config.adaptation.targets = LayerTargets(["to_q"])
    config.device = .cpu
    config.threads = 1
    config.checkpointEvery = 1
    config.sampleEvery = 0
    change(&config)
    return config
  }

  func session(_ config: TrainingConfig, keepsSteps: Bool = false) throws -> TrainingSession {
    try TrainingSession(config, keepsSteps: keepsSteps, in: folder, report: report)
  }

  /// Starts or resumes a training, and stops it after a step.
  @discardableResult
  func train(
    _ config: TrainingConfig, keepsSteps: Bool = false, new: Bool = false,
    stopAfter step: Int? = nil
  ) throws -> TrainingResult {
    let session = try session(config, keepsSteps: keepsSteps)
    let control = control(stopAfter: step)
    return try new ? session.trainNew(control) : session.train(control)
  }

  func control(stopAfter step: Int? = nil) -> TrainingControl {
    let before = steps.count
    return TrainingControl(stopped: { [unowned self] in
      step.map { steps.dropFirst(before).last ?? 0 >= $0 } ?? false
    })
  }

  func library() throws -> RunLibrary { try RunLibrary(folder) }

  func report(_ event: WorkspaceEvent) { events.append(event) }

  /// Removes the database.
  func removeDatabase() {
    for ending in ["", "-wal", "-shm"] { unlink(folder.database.path + ending) }
  }

  /// Every file of the project folder with its bytes and its modification date.
  func contents() throws -> [String: FileContent] {
    var contents: [String: FileContent] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: folder.url.path) {
      let file = folder.url.appending(path: path)
      let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
      let isFile = attributes[.type] as? FileAttributeType == .typeRegular
      contents[path] = FileContent(
        bytes: isFile ? try Data(contentsOf: file) : nil,
        modified: attributes[.modificationDate] as? Date)
    }
    return contents
  }
}

struct FileContent: Equatable {
  /// nil for a folder.
  let bytes: Data?
  let modified: Date?
}
