/// One evaluation of the held-out pictures, and of as many that are trained on.
public struct ValidationReport: Codable, Sendable, Equatable {
  /// Optimizer steps done.
  public var step: Int
  /// Mean over the held-out pictures and timesteps.
  public var loss: Double
  /// The means at each timestep, from the least noise to the most; nil in a state that an older
  /// version wrote.
  public var bands: [Double]?
  /// The same of pictures that are trained on, at the same timesteps and with the same noise: falling
  /// while `loss` rises, it tells that these pictures are learnt by heart.
  public var trainingLoss: Double?
  /// The training pictures' means at each timestep.
  public var trainingBands: [Double]?

  /// An evaluation after `step` optimizer steps, from the means at each timestep.
  init(step: Int, heldOut: [Double], training: [Double]) {
    self.step = step
    loss = heldOut.mean
    bands = heldOut
    trainingLoss = training.mean
    trainingBands = training
  }

  /// An evaluation as it was recorded.
  package init(
    step: Int, loss: Double, bands: [Double]? = nil, trainingLoss: Double? = nil,
    trainingBands: [Double]? = nil
  ) {
    self.step = step
    self.loss = loss
    self.bands = bands
    self.trainingLoss = trainingLoss
    self.trainingBands = trainingBands
  }

  private enum CodingKeys: String, CodingKey {
    case step, loss, bands
    case trainingLoss = "training_loss"
    case trainingBands = "training_bands"
  }
}

extension [Double] {
  fileprivate var mean: Double { reduce(0, +) / Double(count) }
}
