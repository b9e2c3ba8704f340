/// A run in a list.
package struct RunRow: Sendable {
  let id: String
  let subject: String
  let status: String
  let isRunning: Bool
  let step: String
  let steps: String
  /// Percent of the steps that are done.
  let percent: String
  let loss: String
  /// `loss 0.0123`; empty before the first step.
  let lossText: String
  let secondsPerStep: String
  let started: String

  package init(
    id: Int64, subject: String, status: String, step: Int, steps: Int, loss: String,
    secondsPerStep: String, started: String
  ) {
    self.id = "\(id)"
    self.subject = subject
    self.status = status
    isRunning = status == "running"
    self.step = "\(step)"
    self.steps = "\(steps)"
    percent = "\(steps > 0 ? 100 * step / steps : 0)"
    self.loss = loss
    lossText = step > 0 ? "loss \(loss)" : ""
    self.secondsPerStep = secondsPerStep
    self.started = started
  }
}

/// The list of runs.
package struct RunsPage: StudioPage {
  package static let template = "runs"

  package let head = PageHead("Runs", section: .runs, scripts: ["runs.js"])
  let runs: [RunRow]
  let isEmpty: Bool
  let notes: [String]

  package init(runs: [RunRow], notes: [String]) {
    self.runs = runs
    isEmpty = runs.isEmpty
    self.notes = notes
  }
}

/// A run with its charts, samples and checkpoints.
package struct RunPage: StudioPage {
  package static let template = "run"

  /// A checkpoint in the table.
  package struct Checkpoint: Sendable {
    let run: String
    let step: String
    let place: String
    let isBest: Bool
    let validation: String
    let sha256: String
    let reference: String
    let isMissing: Bool

    package init(
      run: Int64, step: Int, place: Int?, validation: String, sha256: String, isMissing: Bool
    ) {
      self.run = "\(run)"
      self.step = "\(step)"
      self.place = place.map { "\($0)" } ?? ""
      isBest = place == 1
      self.validation = validation
      self.sha256 = String(sha256.prefix(12))
      reference = "\(run)@\(step)"
      self.isMissing = isMissing
    }
  }

  /// A sample grid.
  package struct Sample: Sendable {
    let step: String
    let source: String

    package init(step: Int, source: String) {
      self.step = "\(step)"
      self.source = source
    }
  }

  package let head: PageHead
  let row: RunRow
  let failure: String?
  let notes: [String]
  /// Whether it can be stopped from here.
  let canStop: Bool
  /// Whether it can be resumed.
  let canResume: Bool
  let advice: String?
  let facts: [Fact]
  let checkpoints: [Checkpoint]
  let hasCheckpoints: Bool
  /// The dataset of its subject as a part of an address; nil if there is none.
  let dataset: String?
  /// The checkpoints as the query of the page that compares them.
  let comparison: String
  let samples: [Sample]
  let hasSamples: Bool
  /// The index of the last sample.
  let lastSample: String
  /// The validations as `step:loss` with spaces between them.
  let validation: String
  /// Losses of training images at the same timesteps, in the same form.
  let trainingValidation: String
  let hasValidation: Bool
  let settings: [Fact]
  let otherSettings: [Fact]
  let lineage: [Fact]
  let hasLineage: Bool

  package init(
    row: RunRow, dataset: String?, failure: String?, notes: [String], canStop: Bool,
    canResume: Bool,
    advice: String?, facts: [Fact], checkpoints: [Checkpoint], samples: [Sample],
    validation: [(step: Int, loss: Double)], trainingValidation: [(step: Int, loss: Double)],
    settings: [Fact], otherSettings: [Fact], lineage: [Fact]
  ) {
    head = PageHead(
      "Run \(row.id): \(row.subject)", section: .runs, scripts: ["run.js"])
    self.row = row
    self.dataset = dataset
    self.failure = failure
    self.notes = notes
    self.canStop = canStop
    self.canResume = canResume
    self.advice = advice
    self.facts = facts
    self.checkpoints = checkpoints
    hasCheckpoints = !checkpoints.isEmpty
    comparison = checkpoints.map { "checkpoint=\($0.reference)" }.joined(separator: "&")
    self.samples = samples
    hasSamples = !samples.isEmpty
    lastSample = "\(max(0, samples.count - 1))"
    func text(_ points: [(step: Int, loss: Double)]) -> String {
      points.map { "\($0.step):\($0.loss)" }.joined(separator: " ")
    }
    self.validation = text(validation)
    self.trainingValidation = text(trainingValidation)
    hasValidation = validation.count > 1
    self.settings = settings
    self.otherSettings = otherSettings
    self.lineage = lineage
    hasLineage = !lineage.isEmpty
  }
}
