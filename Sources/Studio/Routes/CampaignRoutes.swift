import Drawing
import Foundation
import HTTPTypes
import Hummingbird
import Pages
import RunLog
import Workspace

/// The pages of campaigns and their interface.
extension Studio {
  func addCampaigns(to router: Router<BasicRequestContext>) {
    router.get("/campaigns") { _, _ in
      try await blocking { Answer.html(try templates.html(campaignsPage())) }
    }
    router.get("/campaigns/:name") { request, context in
      let name = try context.name("name", request)
      return try await blocking {
        Answer.html(try templates.html(try campaignPage(StudioCampaign(name, in: project))))
      }
    }
    router.get("/campaigns/:name/files/:file") { request, context in
      let name = try context.name("name", request)
      let wanted = try context.name("file", request)
      let side = request.uri.queryParameters.get("side", as: Int.self)
      return try await blockingOnImages {
        let campaign = try StudioCampaign(name, in: project)
        // The file is one of those that the template describes, so that it leads nowhere else.
        guard let picture = try campaign.campaign().pictures.first(where: { $0.file == wanted }),
          let file = campaign.file(picture)
        else { throw RequestError.noPage(request.uri.path) }
        return try Answer.png(at: file, version: "\(side ?? 0)", to: request) {
          guard let side, (16...2048).contains(side) else { return nil }
          return try thumbnails.small(file, side: side)
        }
      }
    }
    router.get("/api/campaigns") { _, _ in
      try await blocking { try Answer.json(StudioCampaign.names(in: project)) }
    }
    router.post("/api/campaigns") { request, _ in
      guard let name = try await request.fields("name")["name"]?.string else {
        throw StudioError.otherType("name", allowed: "a name")
      }
      return try await blocking {
        let campaign = try StudioCampaign.create(name, in: project)
        return try Answer.json(["name": campaign.name], status: .created)
      }
    }
    router.get("/api/campaigns/:name") { request, context in
      let name = try context.name("name", request)
      return try await blocking {
        let campaign = try StudioCampaign(name, in: project)
        return try Answer.json(
          CampaignSettings(form: try campaign.form(), painter: try campaign.painter()))
      }
    }
    router.on("/api/campaigns/:name", method: .put) { request, context in
      let name = try context.name("name", request)
      let settings = try await request.decoded(CampaignSettings.self)
      return try await blocking {
        try StudioCampaign(name, in: project).save(settings.form, painter: settings.painter)
        return Answer.done()
      }
    }
    router.get("/api/campaigns/:name/pictures") { request, context in
      let name = try context.name("name", request)
      return try await blocking {
        let campaign = try StudioCampaign(name, in: project)
        let stars = campaign.stars()
        return try Answer.json(
          campaign.campaign().pictures.map { picture in
            CampaignPicture(
              file: picture.file, prompt: picture.prompt, seed: "\(picture.seed)",
              drawn: campaign.file(picture) != nil, starred: stars.contains(picture.file))
          })
      }
    }
    router.post("/api/campaigns/:name/draw") { request, context in
      let name = try context.name("name", request)
      let job = try await blocking { try queue.submit(StudioCampaign(name, in: project)) }
      return try Answer.json(job, status: .accepted)
    }
    router.on("/api/campaigns/:name/stars", method: .put) { request, context in
      let name = try context.name("name", request)
      let fields = try await request.fields("file", "starred")
      guard let file = fields["file"]?.string, case .bool(let isStarred) = fields["starred"] else {
        throw StudioError.otherType("starred", allowed: "true or false, with the name of a file")
      }
      return try await blocking {
        let campaign = try StudioCampaign(name, in: project)
        guard try campaign.campaign().pictures.contains(where: { $0.file == file }) else {
          throw RequestError.noPage(file)
        }
        try campaign.star(file, isStarred)
        return Answer.done()
      }
    }
    router.post("/api/campaigns/:name/export") { request, context in
      let name = try context.name("name", request)
      return try await blocking {
        let (folder, count) = try StudioCampaign(name, in: project).exportStarred()
        return try Answer.json(ExportedPictures(folder: folder.relativePath, count: count))
      }
    }
  }
}

/// What a campaign draws, and who draws it.
private struct CampaignSettings: Codable {
  let form: CampaignForm
  let painter: [String: JSONValue]
}

/// A picture of a campaign. Drawn ones are at `/campaigns/{name}/files/{file}`.
private struct CampaignPicture: Encodable {
  let file: String
  let prompt: String
  let seed: String
  let drawn: Bool
  let starred: Bool
}

private struct ExportedPictures: Encodable {
  let folder: String
  let count: Int
}
