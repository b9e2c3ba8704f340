import Datasets
package import Ranks
package import RunLog
package import Torch
package import Training

/// An event of the work in a project folder.
package enum WorkspaceEvent {
  /// A note for the user, in one sentence.
  case note(String)
  /// No base model was named and the preferred one is not installed, so this one is used.
  case standardModel(String, preferred: String)
  /// A run is about to be trained.
  case starting(TrainingStart)
  /// The training's own events.
  case training(TrainingEvent)
}

/// Receives the events, on the thread that does the work.
package typealias WorkspaceReport = (WorkspaceEvent) -> Void

/// A run that is about to be trained.
package struct TrainingStart {
  package let run: Run
  /// The run's folder.
  package let folder: RunFolder
  /// The step that an interrupted run is resumed from; nil for a new run.
  package let resumedFrom: Int?
  /// Training images.
  package let images: Int
  /// Class images of prior preservation.
  package let classImages: Int
  /// Optimizer steps of the whole run.
  package let steps: Int
  /// The side of the square with the training images' area, in pixels.
  package let resolution: Int
  package let device: Device
  /// The ranks that train together; nil for a process on its own.
  package let ranks: RankGroup?
  /// Measures the time to the end.
  package let remainingTime: RemainingTime
  /// What the training is estimated to need, and what it may use, in one sentence.
  package let memory: String
  /// Whether resumes are exact.
  package let exactness: Exactness

  package init(_ run: Run, _ setup: TrainingSetup, in folder: RunFolder, resumedFrom step: Int?) {
    self.run = run
    self.folder = folder
    resumedFrom = step
    images = setup.dataset.images.count
    classImages = setup.config.priorImages ?? 0
    steps = setup.config.steps
    resolution = setup.resolution
    device = setup.device
    ranks = setup.ranks
    remainingTime = RemainingTime(setup.config, hasValidation: setup.validation != nil)
    memory = setup.memorySummary
    exactness = setup.exactness
  }
}
