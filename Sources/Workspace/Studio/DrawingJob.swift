import Foundation

/// A drawing that waits or runs.
struct DrawingJob: Sendable {
  /// What is drawn.
  enum Work: Sendable {
    /// Pictures for the gallery, with one setting or with two that are compared.
    case pictures([OrderVariant])
    /// The page of a comparison.
    case comparison(ComparisonOrder)
    /// The missing pictures of a campaign.
    case campaign(CampaignWork)
  }

  let work: Work
  var state: JobState
  /// The latest preview, a PNG file.
  var preview: Data?
  var isCancelled = false
  /// The time of the last state that was sent to listeners.
  var sent = ContinuousClock.now
}

/// A campaign that is drawn.
struct CampaignWork: Sendable {
  let template: URL
  let folder: URL
  let variant: OrderVariant
}

/// Thrown inside a drawing to end it.
enum DrawingEnd: Error {
  case cancelled, stopping
}
