/// The results of one validation: the losses of the validation images, and of as many training
/// images.
public struct ValidationReport: Codable, Sendable, Equatable {
  /// The number of optimizer steps done.
  public var step: Int
  /// Mean loss over the validation images and timesteps.
  public var loss: Double
  /// Mean loss at each timestep, from the least noise to the most; nil in states of older versions.
  public var bands: [Double]?
  /// Mean loss of the training images at the same timesteps and with the same noise. If it falls
  /// while `loss` rises, the model memorizes the training images.
  public var trainingLoss: Double?
  /// Mean loss of the training images at each timestep.
  public var trainingBands: [Double]?

  /// Creates the report from the mean losses at each timestep.
  init(step: Int, validation: [Double], training: [Double]) {
    self.step = step
    loss = validation.mean
    bands = validation
    trainingLoss = training.mean
    trainingBands = training
  }

  /// Creates the report from recorded values.
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
