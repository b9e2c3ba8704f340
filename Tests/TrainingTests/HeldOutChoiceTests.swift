import Foundation
import Testing

@testable import Datasets
@testable import Training

@Suite("Pictures of the dataset that are held out")
struct HeldOutChoiceTests {
  let training: TinyTraining

  /// Nine pictures.
  init() throws {
    training = try TinyTraining()
    for number in 3..<9 {
      try training.writePicture("\(number).png", width: 64, height: 64, seed: number)
      try Data("sks dog".utf8).write(to: training.dataset.appending(path: "\(number).txt"))
    }
  }

  private static func config(_ change: (inout TrainingConfig) -> Void = { _ in }) -> TrainingConfig
  {
    TinyTraining.config { config in
      config.validateEvery = 3
      change(&config)
    }
  }

  private func notes(_ change: (inout TrainingConfig) -> Void = { _ in }) throws -> [String] {
    try training.setup(Self.config(change)).problems.map(\.description)
      .filter { $0.contains("held out") }
  }

  @Test("one of nine, said; another with another seed; each picture is trained on or held out")
  func one() throws {
    var chosen: Set<String> = []
    for seed in UInt64(0)..<12 {
      let setup = try training.setup(Self.config { $0.seed = seed })
      let heldOut = try #require(setup.heldOut?.images.map(\.name))
      #expect(heldOut.count == 1 && setup.config.validationImages == 1)
      #expect(
        (setup.dataset.images.map(\.name) + heldOut).sorted() == (0..<9).map { "\($0).png" })
      chosen.formUnion(heldOut)
    }
    #expect(chosen.count > 3)
    let name = try #require(training.setup(Self.config()).heldOut?.images.first?.name)
    #expect(
      try notes() == [
        "\(name): held out to measure over-fitting, so not trained on; `validation_images: 0` trains on all "
          + "pictures"
      ])
  }

  @Test("as many as asked for; none of seven, without evaluations, or beside a folder of them")
  func count() throws {
    #expect(try training.setup(Self.config { $0.validationImages = 4 }).heldOut?.images.count == 4)
    let off = try training.setup(Self.config { $0.validationImages = 0 })
    #expect(off.heldOut == nil && off.dataset.images.count == 9)
    #expect(
      throws: ValidationError.tooMany(9, images: 9),
      performing: {
        try training.setup(Self.config { $0.validationImages = 9 })
      })
    let never = Self.config { config in
      config.validateEvery = 0
      config.validationImages = 2
    }
    #expect(try training.setup(never).heldOut == nil)
    #expect(
      try training.setup(never).problems.map(\.description).contains(
        "validation_images is 2, but no picture is held out, since validate_every is 0"))

    try training.hold("a.png", caption: "sks dog", seed: 20)
    let beside = try training.setup(Self.config { $0.validationImages = 2 })
    #expect(beside.heldOut?.images.map(\.name) == ["a.png"])
    #expect(beside.dataset.images.count == 9)
    #expect(
      try notes { $0.validationImages = 2 } == [
        "validation_images is 2, but no picture is held out, since there is a folder of held-out pictures"
      ])

    let folder = training.dataset
    try FileManager.default.removeItem(at: folder.appending(path: "held-out"))
    for name in ["7.png", "8.png"] {
      try FileManager.default.removeItem(at: folder.appending(path: name))
    }
    #expect(try training.setup(Self.config()).heldOut == nil)
  }

  @Test("their loss and that of as many training pictures are recorded; none of them is trained on")
  func recorded() throws {
    let config = Self.config { $0.validationImages = 2 }
    let setup = try training.setup(config)
    let heldOut = Set(try #require(setup.heldOut?.images.map(\.name)))
    let data = try PreparedData(setup, checkStop: {}, report: { _ in })
    #expect(Set(data.heldOut.map { String($0.file.split(separator: "/")[1]) }) == heldOut)
    #expect(data.compared.count == 2)
    let trained = (0..<14).flatMap { data.instances.samples(step: $0, micro: 0).map(\.file) }
    #expect(Set(trained).count == 7 && heldOut.isDisjoint(with: trained))
    #expect(Set(trained).isSuperset(of: data.compared.map(\.file)))

    let (_, events) = try training.train(run: 1, config)
    let reports = events.compactMap { event in
      if case .validation(let report) = event { report } else { nil }
    }
    #expect(reports.map(\.step) == [0, 3, 6])
    for report in reports {
      #expect(report.bands?.count == 8 && report.trainingBands?.count == 8)
      let training = try #require(report.trainingLoss)
      #expect(training.isFinite && training != report.loss)
    }
    // The pictures that are trained on are learnt by heart first.
    #expect(try #require(reports[2].trainingLoss) < #require(reports[0].trainingLoss))
  }

  @Test("what the same draws are: with the same picture in both places, both losses are equal")
  func sameDraws() throws {
    let copy = training.dataset.appending(path: "held-out/copy.png")
    try training.hold("unused.png", caption: nil, seed: 3)
    try FileManager.default.removeItem(
      at: training.dataset.appending(path: "held-out/unused.png"))
    try FileManager.default.copyItem(at: training.dataset.appending(path: "0.png"), to: copy)
    try Data("a photo of sks dog".utf8)
      .write(to: training.dataset.appending(path: "held-out/copy.txt"))
    let setup = try training.setup(Self.config())
    let data = try PreparedData(setup, checkStop: {}, report: { _ in })
    #expect(data.compared.map(\.file) == ["0.png"])
    let report = try #require(
      try AdapterTraining(setup, data: data, from: nil).validate(checkStop: {}))
    #expect(report.loss == report.trainingLoss && report.bands == report.trainingBands)
  }

  @Test("another number held out is other pictures to train on, and so another training")
  func resume() throws {
    let config = Self.config { config in
      config.validationImages = 2
      config.checkpointEvery = 3
    }
    let (outcome, _) = try training.train(run: 1, config) { events, _ in
      events.contains { if case .step(let report) = $0 { report.step == 3 } else { false } }
    }
    #expect(outcome == .stopped(step: 3))
    let state = try training.runFolder(1).checkpoint(step: 3).state()
    #expect(try training.setup(config).differences(from: state).isEmpty)
    let other = try training.setup(Self.config { $0.validationImages = 1 }).differences(from: state)
    #expect(other.count == 1 && other.allSatisfy { $0.description.contains(".png: added") })
  }
}
