import Files
import Foundation
import Images
import NN
import RunLog
import SwiftProtobuf
import Testing
import Training
import Workspace

@testable import EventFiles

/// The event files of trainings.
@Suite struct EventRecordingTests {
  private let project: Project

  init() throws { project = try Project() }

  @Test("Event files have the curves, grids and settings of a run")
  func contents() throws {
    try project.train(
      config {
        ($0.sampleEvery, $0.sampleSteps, $0.sampleSeeds) = (2, 1, [1, 2])
        ($0.validateEvery, $0.validationImages) = (2, 1)
      })
    let events = try EventReader(folder(of: 1))
    #expect(
      events.tags == [
        "gradient_norm", "learning_rate/unet", "loss/train", "loss/training_images",
        "loss/validation", "samples", "seconds_per_step", "settings",
      ])
    let detail = try project.library().detail(of: project.library().run(.latest))
    let losses = events.scalars("loss/train")
    #expect(losses.map(\.step) == [1, 2, 3, 4])
    #expect(losses.map(\.value) == detail.losses.map { Float($0.loss) })
    #expect(
      events.scalars("gradient_norm").map(\.value) == detail.losses.map { Float($0.gradNorm ?? -1) }
    )
    #expect(
      events.scalars("learning_rate/unet").map(\.value)
        == detail.losses.map { Float($0.learningRate) })
    let validation = events.scalars("loss/validation")
    #expect(validation.map(\.step) == [0, 2, 4])
    #expect(validation.map(\.value) == detail.validation.map { Float($0.loss) })
    let samples = events.values("samples")
    #expect(samples.map(\.step) == [0, 2, 4])
    for (step, sample) in samples {
      let run = try project.folder.folder(of: project.library().run(.latest))
      let grid = try Data(contentsOf: run.sampleGrid(step: step))
      #expect(sample.image.encodedImageString == grid)
      let size = try ImageDecoder.header(grid).orientedSize
      #expect(Int(sample.image.width) == size.width && Int(sample.image.height) == size.height)
    }
    let settings = try #require(events.values("settings").first?.value)
    let text = String(decoding: settings.tensor.stringVal[0], as: UTF8.self)
    #expect(text.hasPrefix("Run 1 of dog, lora-train \(Version.current), libtorch "))
    #expect(text.contains("\n| rank | `2` |\n") && text.contains("| targets | `to_q` |"))
  }

  @Test("With class images there is a curve of each loss")
  func prior() throws {
    try project.train(
      config {
        ($0.priorFolder, $0.classPrompts, $0.steps) = (project.dataset.path, ["a dog"], 2)
      })
    let events = try EventReader(folder(of: 1))
    #expect(events.scalars("loss/instance").map(\.step) == [1, 2])
    #expect(events.scalars("loss/prior").map(\.step) == [1, 2])
  }

  @Test("With prodigy there is a curve of its estimate, which the warm-up does not change")
  func estimate() throws {
    try project.train(
      config {
        ($0.optimization.optimizer, $0.optimization.learningRate, $0.steps) = (.prodigy, 1, 3)
        $0.optimization.learningRateWarmupSteps = 2
      })
    let events = try EventReader(folder(of: 1))
    let (found, used) = (events.scalars("learning_rate/d"), events.scalars("learning_rate/unet"))
    #expect(found.map(\.step) == [1, 2, 3] && found[0].value == 1e-6)
    #expect(zip(found, used).map { $1.value / $0.value } == [0, 0.5, 1])
  }

  @Test("The rate of text encoders has their name, also if nothing else is trained")
  func encoders() throws {
    try project.train(
      config { ($0.text.trainTextEncoders, $0.text.trainUnet, $0.steps) = (.first, false, 1) })
    let rates = try EventReader(folder(of: 1)).tags.filter { $0.hasPrefix("learning_rate/") }
    #expect(rates == ["learning_rate/text_encoder"])
  }

  @Test("A resume replaces the events after its checkpoint and keeps those before")
  func resume() throws {
    try project.train(config { $0.steps = 6 }, stopAfter: 4)
    let run = try project.library().run(.latest)
    for checkpoint in project.folder.folder(of: run).checkpoints where checkpoint.step > 2 {
      try FileManager.default.removeItem(at: checkpoint.url)
    }
    try project.train(config { $0.steps = 6 })
    let events = try EventReader(folder(of: 1))
    #expect(events.fileCount == 2)
    #expect(project.steps == [1, 2, 3, 4, 3, 4, 5, 6])
    #expect(events.scalars("loss/train").map(\.step) == [1, 2, 3, 4, 5, 6])
    #expect(events.values("settings").map(\.step) == [0, 3])
    let starts = events.events.filter { $0.what == .sessionLog(.with { $0.status = .start }) }
    #expect(starts.map(\.step) == [0, 3])
  }

  @Test("A run can get event files when it is resumed, in another folder for each run")
  func later() throws {
    try project.train(project.config(), stopAfter: 2)
    try project.train(config())
    try project.train(config(), new: true)
    #expect(try EventReader(folder(of: 1)).scalars("loss/train").map(\.step) == [3, 4])
    #expect(try EventReader(folder(of: 2)).scalars("loss/train").map(\.step) == [1, 2, 3, 4])
    #expect(!project.notes.contains { $0.contains("TensorBoard") })
  }

  @Test("A training does not depend on its event files, and a note reports that they fail")
  func failure() throws {
    try project.train(project.config())
    let file = project.dataset.deletingLastPathComponent().appending(path: "events")
    try Data().write(to: file)
    try project.train(config(), new: true)
    let notes = project.notes.filter { $0.contains("TensorBoard") }
    #expect(notes.count == 1)
    #expect(
      notes.first?.hasPrefix("TensorBoard gets no more events, and the training continues: ")
        == true)
    let runs = try project.library().runs()
    #expect(runs.map(\.status) == [.finished, .finished])
    let hashes = try runs.map { try project.folder.folder(of: $0).checkpoint(step: 4).verify() }
    #expect(hashes[0] == hashes[1])
  }

  private func config(_ change: (inout TrainingConfig) -> Void = { _ in }) -> TrainingConfig {
    project.config {
      $0.tensorboard = project.dataset.deletingLastPathComponent().appending(path: "events").path
      change(&$0)
    }
  }

  private func folder(of run: Int) -> URL {
    project.dataset.deletingLastPathComponent().appending(path: "events/dog/run-\(run)")
  }
}
