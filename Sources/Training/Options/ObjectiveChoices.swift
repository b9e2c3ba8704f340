public import Options
package import StableDiffusion

/// The kinds of the error of a predicted value (sd-scripts `conditional_loss`).
public enum LossKind: String, ConfigChoice, CaseIterable {
  /// The square.
  case l2
  /// The absolute value.
  case l1
  /// The pseudo-Huber loss, about the square of small errors.
  case huber
  /// The pseudo-Huber loss, about the absolute value of large errors.
  case smoothL1 = "smooth-l1"
}

/// How the threshold of the pseudo-Huber losses follows the timestep (sd-scripts
/// `get_huber_threshold_if_needed`).
public enum HuberSchedule: String, ConfigChoice, CaseIterable {
  case constant, exponential, snr
}

/// How often each timestep is trained (OneTrainer `ModelSetupNoiseMixin`).
public enum TimestepDistribution: String, ConfigChoice, CaseIterable {
  /// Equally often.
  case uniform
  /// By a logistic curve over the timesteps.
  case sigmoid
  /// By the logistic function of normal numbers.
  case logitNormal = "logit-normal"
}

/// What the base model predicts in a training.
public enum PredictionChoice: String, ConfigChoice, CaseIterable {
  /// What its scheduler's configuration states.
  case model
  /// The noise.
  case epsilon
  /// The velocity of Salimans & Ho 2022.
  case velocity = "v"
}

/// What keeps the model from forgetting the subject's class.
public enum Preservation: String, ConfigChoice, CaseIterable {
  /// Class images (Ruiz et al. 2023, section 3.3).
  case images
  /// The base model's predictions for the class, without class images.
  case output
}

extension ObjectiveOptions {
  /// The scheduler's configuration of a base model, with what the options change.
  package func scheduler(of model: SchedulerConfiguration) -> SchedulerConfiguration {
    var scheduler = model
    switch prediction {
    case .model: break
    case .epsilon: scheduler.predictionType = .epsilon
    case .velocity: scheduler.predictionType = .vPrediction
    }
    if zeroTerminalSNR, !scheduler.rescaleBetasZeroSnr { scheduler.useZeroTerminalSNR() }
    return scheduler
  }
}
