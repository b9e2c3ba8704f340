import Foundation
import Testing

@testable import Datasets
@testable import Training

@Suite("Validation images chosen from the dataset")
struct ValidationChoiceTests {
  let training: TinyTraining

  /// A dataset of nine images.
  init() throws {
    training = try TinyTraining()
    for number in 3..<9 {
      try training.writeImage("\(number).png", width: 64, height: 64, seed: number)
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
      .filter { $0.contains("validation image") }
  }

  @Test(
    "one of nine is chosen by the seed and noted; every image is trained on or for validation")
  func one() throws {
    var chosen: Set<String> = []
    for seed in UInt64(0)..<12 {
      let setup = try training.setup(Self.config { $0.seed = seed })
      let validation = try #require(setup.validation?.images.map(\.name))
      #expect(validation.count == 1 && setup.config.validationImages == 1)
      #expect(
        (setup.dataset.images.map(\.name) + validation).sorted() == (0..<9).map { "\($0).png" })
      chosen.formUnion(validation)
    }
    #expect(chosen.count > 3)
    let name = try #require(training.setup(Self.config()).validation?.images.first?.name)
    #expect(
      try notes() == [
        "\(name): kept as a validation image, not trained on; `validation_images: 0` trains on all "
          + "images"
      ])
  }

  @Test("as many as configured; none of seven, without evaluations, or beside a folder of them")
  func count() throws {
    #expect(
      try training.setup(Self.config { $0.validationImages = 4 }).validation?.images.count == 4)
    let off = try training.setup(Self.config { $0.validationImages = 0 })
    #expect(off.validation == nil && off.dataset.images.count == 9)
    #expect(
      throws: ValidationError.tooMany(9, images: 9),
      performing: {
        try training.setup(Self.config { $0.validationImages = 9 })
      })
    let never = Self.config { config in
      config.validateEvery = 0
      config.validationImages = 2
    }
    #expect(try training.setup(never).validation == nil)
    #expect(
      try training.setup(never).problems.map(\.description).contains(
        "validation_images is 2, but none is chosen, since validate_every is 0"))

    try training.addValidationImage("a.png", caption: "sks dog", seed: 20)
    let beside = try training.setup(Self.config { $0.validationImages = 2 })
    #expect(beside.validation?.images.map(\.name) == ["a.png"])
    #expect(beside.dataset.images.count == 9)
    #expect(
      try notes { $0.validationImages = 2 } == [
        "validation_images is 2, but none is chosen, since there is a folder of validation images"
      ])

    let folder = training.dataset
    try FileManager.default.removeItem(at: folder.appending(path: "validation"))
    for name in ["7.png", "8.png"] {
      try FileManager.default.removeItem(at: folder.appending(path: name))
    }
    #expect(try training.setup(Self.config()).validation == nil)
  }

  @Test("their loss and that of as many training images are recorded; they are not trained on")
  func recorded() throws {
    let config = Self.config { $0.validationImages = 2 }
    let setup = try training.setup(config)
    let validation = Set(try #require(setup.validation?.images.map(\.name)))
    let data = try PreparedData(setup, checkStop: {}, report: { _ in })
    #expect(Set(data.validation.map { String($0.file.split(separator: "/")[1]) }) == validation)
    #expect(data.compared.count == 2)
    let trained = (0..<14).flatMap { data.instances.samples(step: $0, micro: 0).map(\.file) }
    #expect(Set(trained).count == 7 && validation.isDisjoint(with: trained))
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
    // The images that are trained on are memorized first.
    #expect(try #require(reports[2].trainingLoss) < #require(reports[0].trainingLoss))
  }

  @Test("both losses use the same draws: for one image in both roles they are equal")
  func sameDraws() throws {
    let copy = training.dataset.appending(path: "validation/copy.png")
    try training.addValidationImage("unused.png", caption: nil, seed: 3)
    try FileManager.default.removeItem(
      at: training.dataset.appending(path: "validation/unused.png"))
    try FileManager.default.copyItem(at: training.dataset.appending(path: "0.png"), to: copy)
    try Data("a photo of sks dog".utf8)
      .write(to: training.dataset.appending(path: "validation/copy.txt"))
    let setup = try training.setup(Self.config())
    let data = try PreparedData(setup, checkStop: {}, report: { _ in })
    #expect(data.compared.map(\.file) == ["0.png"])
    let report = try #require(
      try AdapterTraining(setup, data: data, from: nil).validate(checkStop: {}))
    #expect(report.loss == report.trainingLoss && report.bands == report.trainingBands)
  }

  @Test(
    "another number of validation images changes the training images, and so the training")
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
    #expect(other.map(\.description) == ["validation_images: 2 -> 1"])
  }
}
