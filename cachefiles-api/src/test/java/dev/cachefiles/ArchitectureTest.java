// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import dev.cachefiles.blob.BlobHandler;

/** What may know what. */
@AnalyzeClasses(packages = "dev.cachefiles", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

    /** So that they outlive this interface of the kernel. */
    @ArchTest
    static final ArchRule SOURCES_OF_BLOBS_DO_NOT_KNOW_CACHEFILES = noClasses()
            .that()
            .resideInAPackage("dev.cachefiles.blob..")
            .and()
            .doNotBelongToAnyOf(BlobHandler.class)
            .and()
            .haveNameNotMatching("dev\\.cachefiles\\.blob\\.(ServedBlob|AheadSink)") // the handler's, for one object
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.cachefiles", "dev.cachefiles.spi", "dev.cachefiles.protocol");

    @ArchTest
    static final ArchRule THE_BYTES_KNOW_NEITHER_CHANNEL_NOR_ENGINE = noClasses()
            .that()
            .resideInAPackage("dev.cachefiles.protocol")
            .should()
            .dependOnClassesThat(resideInAPackage("dev.cachefiles..")
                    .and(not(resideInAPackage("dev.cachefiles.protocol")))
                    .and(not(belongToAnyOf(
                            Errno.class, Key.class, VolumeKey.class, CookieKey.class, ProtocolException.class))));

    @ArchTest
    static final ArchRule THE_SEAM_KNOWS_NOTHING_ABOVE_IT = noClasses()
            .that()
            .resideInAPackage("dev.cachefiles.spi")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.cachefiles", "dev.cachefiles.blob..", "dev.cachefiles.protocol");

    @ArchTest
    static final ArchRule NOTHING_BUT_THE_JDK_AT_RUN_TIME = classes()
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage("java..", "javax.net.ssl..", "org.jspecify..", "dev.cachefiles..");
}
