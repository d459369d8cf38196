import Glibc
import LinuxSystem
import Testing

@testable import Twin

/// Names of Compose on a real Docker engine, in a sandbox of its own.
@Suite("Names of a Docker engine", .serialized, .enabled(if: DockerNames.isAvailable))
struct DockerNameTests {
    @Test("containers, services and networks by their names; a stopped container is called one")
    func names() throws {
        let script = """
            cd "$(dirname '\(#filePath)')/../../fixtures/labs/docker-host-to-wan"
            . ./setup.sh
            P='\(LabRun.program)'
            run() {
                name=$1 service=$2 network=$3
                docker run -d --name "$name" --network "$network" --network-alias "$service" --stop-timeout 1 \
                    --label com.docker.compose.project=shop --label com.docker.compose.service="$service" \
                    busybox busybox httpd -f -p 8000 > /dev/null
            }
            docker network create shop > /dev/null
            docker network create back > /dev/null
            run shop-api-1 api shop
            run shop-db-1 db shop
            run stranger stranger back
            {
                "$P" map
                "$P" explain --from api --twin none -q db
                "$P" explain --from shop-api-1 --twin none stranger || true
                "$P" explain --from wan --twin none --tcp 8000 203.0.113.2 || true
                docker stop shop-db-1 > /dev/null
                "$P" explain --from shop-api-1 --twin none db 2>&1 || echo "status $?"
            } > "$OUT"
            """
        let out = "/tmp/packetwalk-names-\(getpid())"
        defer { unlink(out) }
        let status = try Sandbox.run(
            path: "/bin/sh", arguments: ["sh", "-eu", "-c", "OUT=\(out)\n\(script)"])
        let text = readText(out) ?? ""
        try #require(status == 0, "\(text)")
        #expect(text.contains("network shop"))
        #expect(text.contains("service api of shop"))
        #expect(text.contains("shop-db-1  reply after"))
        #expect(text.contains(" fix            docker network connect back shop-api-1\n"))
        #expect(text.contains(" or for now     iptables -I DOCKER-USER "))
        #expect(text.contains(" fix            docker compose -p shop up -d api\n"))
        #expect(
            text.contains(
                "shop-api-1 cannot resolve db: shop-db-1, a container of that service, is not running (Exited"),
            "\(text)")
        #expect(text.hasSuffix("status 1"))
    }
}

private enum DockerNames {
    static let isAvailable =
        LabRun.isAvailable && geteuid() == 0
        && (try? LabLibrary.find().lab(named: "docker-host-to-wan").unmetNeed(in: nil)) == .some(nil)
}
