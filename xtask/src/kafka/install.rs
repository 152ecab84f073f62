//! The jars of Apache Kafka, fetched by Maven into the target folder.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::{sh, system};

/// A `java` command with Kafka's jars, to which a class and its arguments are added.
pub(super) fn java() -> Result<Command> {
    let mut jars = jars()?.into_os_string();
    // Java's own star, not a shell's.
    jars.push("/*");
    let mut java = Command::new("java");
    java.args(["-Xmx512m", "-Xms128m", "-cp"])
        .arg(jars)
        .args(LOGGING);
    Ok(java)
}

/// The folder of jars. What is there already is from the same version.
fn jars() -> Result<PathBuf> {
    let folder = sh::target().join(format!("kafka-{VERSION}"));
    let jars = folder.join("jars");
    if jars.is_dir() {
        return Ok(jars);
    }
    system::need(&[("java", "default-jre-headless"), ("mvn", "maven")])?;
    new_enough()?;
    // Renamed when it is whole, so that an interrupted download is not taken for one.
    let part = folder.join("part");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("pom.xml"), pom())?;
    let mut copy = Command::new("mvn");
    copy.current_dir(&folder)
        .args(["-q", "-B", "dependency:copy-dependencies"])
        .arg(format!("-DoutputDirectory={}", part.display()))
        .arg("-DincludeScope=runtime");
    sh::run(&mut copy)?;
    fs::rename(&part, &jars)?;
    Ok(jars)
}

/// Kafka's brokers need Java 17 since version 4.0.
fn new_enough() -> Result<()> {
    let shown = Command::new("java").arg("-version").output()?;
    // `openjdk version "17.0.15" 2025-04-15`, on the standard error output.
    let shown = String::from_utf8_lossy(&shown.stderr);
    let version = shown.split('"').nth(1).and_then(|version| {
        let major = version.split(['.', '-', '+']).next()?;
        major.parse::<u32>().ok()
    });
    let version = version.with_context(|| format!("no version in: {shown}"))?;
    ensure!(
        version >= JAVA_MIN,
        "Kafka {VERSION} needs Java {JAVA_MIN}, this is Java {version}"
    );
    Ok(())
}

fn pom() -> String {
    let dependency = |(group, artefact, version): &(&str, &str, &str)| {
        format!(
            "<dependency><groupId>{group}</groupId><artifactId>{artefact}</artifactId>\
             <version>{version}</version></dependency>\n"
        )
    };
    let dependencies: String = DEPENDENCIES.iter().map(dependency).collect();
    format!(
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\">\n\
         <modelVersion>4.0.0</modelVersion>\n\
         <groupId>dashstream</groupId><artifactId>kafka</artifactId><version>1</version>\n\
         <dependencies>\n{dependencies}</dependencies>\n</project>\n"
    )
}

const VERSION: &str = "4.3.1";
const JAVA_MIN: u32 = 17;

/// The server, the commands for topics and groups, and a logger without which errors are silent.
const DEPENDENCIES: [(&str, &str, &str); 3] = [
    ("org.apache.kafka", "kafka_2.13", VERSION),
    ("org.apache.kafka", "kafka-tools", VERSION),
    ("org.slf4j", "slf4j-simple", "1.7.36"),
];

/// Warnings, and the line by which a server says that it has started.
const LOGGING: [&str; 2] = [
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",
];
