import Drawing

extension DrawingQueue {
  /// Puts the pictures of a campaign that are missing or changed at the end of the queue. Throws `StudioError`,
  /// `ConfigError`, `CampaignError` and errors of runs and checkpoints.
  package func submit(_ campaign: StudioCampaign) throws -> JobState {
    let variant = try campaign.request()
    let missing = try campaign.campaign().pictures.count { campaign.file($0) == nil }
    return try submit(
      CampaignWork(template: campaign.template, folder: campaign.folder, variant: variant),
      title: campaign.name, count: missing)
  }
}
